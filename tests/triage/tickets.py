"""Tickets with one plain statement each: the engine learns them, and they must stay right."""

from typing import NamedTuple

from ticket_app.triage.evaluation.labelled import shipped_tickets
from ticket_app.vocabulary import Category, Priority, Sentiment


class Ticket(NamedTuple):
    """A text, and the labels that a person gives it."""

    text: str
    category: Category
    priority: Priority
    sentiment: Sentiment


def _plain() -> tuple[Ticket, ...]:
    found = []
    for it in shipped_tickets("plain"):
        assert it.category and it.priority and it.sentiment
        found.append(Ticket(it.description, it.category, it.priority, it.sentiment))
    return tuple(found)


TICKETS = _plain()
