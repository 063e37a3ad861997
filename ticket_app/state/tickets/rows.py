"""A ticket as a row of a page: short, and in words."""

from dataclasses import dataclass

from ticket_app.schemas.tickets import TicketPublic
from ticket_app.theme import ENGINE_WORDS

EXCERPT = 160


@dataclass(frozen=True)
class TicketRow:
    """One ticket of a list. `filed_at` is in ISO 8601; the browser shows it in its own time zone.

    `gone` says why a row is no longer in the list although it is still shown.
    """

    id: int
    title: str
    excerpt: str
    category: str
    priority: str
    status: str
    sentiment: str
    urgency: int
    requester: str
    filed_at: str
    engine: str
    triage: str
    category_by: str
    priority_by: str
    version: int
    gone: str = ""


def row_of(ticket: TicketPublic) -> TicketRow:
    return TicketRow(
        id=ticket.id,
        title=ticket.title,
        excerpt=excerpt_of(ticket.description),
        category=ticket.category,
        priority=ticket.priority,
        status=ticket.status,
        sentiment=ticket.sentiment,
        urgency=ticket.urgency_score,
        requester=ticket.requester_name or ticket.requester_email or "",
        filed_at=ticket.created_at.isoformat(),
        engine=ENGINE_WORDS.get(ticket.engine, ticket.engine),
        triage=ticket.triage_status,
        category_by=ticket.category_by,
        priority_by=ticket.priority_by,
        version=ticket.version,
    )


def excerpt_of(description: str) -> str:
    """Returns the beginning of a description, on one line of at most 161 characters."""
    line = " ".join(description[: EXCERPT * 4].split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT].rstrip()}…"
