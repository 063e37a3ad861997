"""Short ways to a ticket, its history and what was proposed for it, as the tables hold them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlmodel import col

from ticket_app.data.engine import get_engine, reading
from ticket_app.data.tickets.tables import TicketEvent
from ticket_app.data.triage.tables import Suggestion, TriageJob
from ticket_app.schemas.tickets import TicketCreate, TicketListQuery, TicketPublic, TicketUpdate
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.services.tickets.listing import list_tickets
from ticket_app.vocabulary import Edge

PLAIN = {"title": "Wallpaper", "description": "The wallpaper of the start page is blue."}


def opened(**fields: Any) -> TicketPublic:
    """A ticket filed over REST, with a plain text unless given."""
    return open_ticket(TicketCreate.model_validate(PLAIN | fields), Edge.REST)


def changed(ticket_id: int, edge: Edge = Edge.REST, **fields: Any) -> TicketPublic:
    """The ticket after a change of these fields."""
    return update_ticket(ticket_id, TicketUpdate.model_validate(fields), edge)


def events_of(ticket_id: int) -> Sequence[TicketEvent]:
    """Every event of a ticket, oldest first."""
    with reading() as session:
        return session.scalars(
            select(TicketEvent)
            .where(col(TicketEvent.ticket_id) == ticket_id)
            .order_by(col(TicketEvent.id))
        ).all()


def suggestions_of(ticket_id: int) -> Sequence[Suggestion]:
    """Every suggestion for a ticket, oldest first."""
    with reading() as session:
        return session.scalars(
            select(Suggestion)
            .where(col(Suggestion.ticket_id) == ticket_id)
            .order_by(col(Suggestion.id))
        ).all()


def jobs() -> Sequence[TriageJob]:
    """Every ticket that waits for a provider, oldest first."""
    with reading() as session:
        return session.scalars(select(TriageJob).order_by(col(TriageJob.ticket_id))).all()


def all_tickets() -> list[TicketPublic]:
    """Every ticket that is not deleted, page by page."""
    page = list_tickets(TicketListQuery(limit=50))
    found = page.items
    while page.next_cursor is not None:
        page = list_tickets(TicketListQuery(limit=50, cursor=page.next_cursor))
        found += page.items
    return found


def written() -> dict[str, list[Any]]:
    """Every row of every table."""
    with get_engine().connect() as connection:
        return {
            table: list(connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")))
            for table in ("ticket", "ticket_event", "suggestion", "triage_job", "triage_call")
        }
