"""Tickets like a given one: the nearest by text, among the newest and from the search's index.

The newest tickets are compared one by one; they also tell which words say most: those that few of
them have. What shares such a word, however old, is found by the index, and compared as well.
"""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.data.engine import reading
from ticket_app.data.tickets import similar as queries
from ticket_app.data.tickets.queries import find_tickets
from ticket_app.data.tickets.similar import Beginning
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import SimilarTicket, TicketPublic
from ticket_app.services.tickets.likeness import ASKED_LETTERS, Likeness, Vocabulary, words_of

SAMPLED = 400
"""The newest. A desk of no more is compared whole, and its index is not asked."""
COMPARED = 100
"""Of those that the index finds."""
SIMILAR_FROM = 0.15
"""What has less of a likeness is not listed."""
SHARED_SHOWN = 8


class _Near(NamedTuple):
    ticket: Beginning
    likeness: Likeness


def similar_tickets(ticket_id: int, limit: int) -> list[SimilarTicket]:
    """At most `limit` tickets whose text is like this one's, the most similar and newest first.

    TicketNotFoundError when there is no such ticket.
    """
    with reading() as session:
        own = queries.beginning_of(session, ticket_id)
        if own is None:
            raise TicketNotFoundError(ticket_id)
        near = _nearest(session, own, limit)
        whole = find_tickets(session, [ticket.id for ticket, _ in near])
        return [
            SimilarTicket(
                ticket=TicketPublic.model_validate(whole[ticket.id]),
                similarity=likeness.value,
                shared_words=likeness.shared[:SHARED_SHOWN],
            )
            for ticket, likeness in near
        ]


def _nearest(session: Session, own: Beginning, limit: int) -> list[_Near]:
    newest = queries.newest_beginnings(session, but=own.id, limit=SAMPLED)
    vocabulary = Vocabulary(ticket.text for ticket in newest)
    words = words_of(own.text)
    telling = {word[:ASKED_LETTERS]: vocabulary.weight(word) for word in vocabulary.telling(words)}
    rare: list[Beginning] = []
    if telling and len(newest) == SAMPLED:
        rare = queries.beginnings_with(session, telling, but=own.id, limit=COMPARED)
    compare = vocabulary.compare_with(words, at_least=SIMILAR_FROM)
    near = [
        _Near(ticket, likeness)
        for ticket in {*newest, *rare}
        if (likeness := compare(words_of(ticket.text)))
    ]
    return sorted(near, key=_rank, reverse=True)[:limit]


def _rank(near: _Near) -> tuple[float, datetime, int]:
    return near.likeness.value, near.ticket.created_at, near.ticket.id
