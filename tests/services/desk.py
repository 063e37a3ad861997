"""Shortcuts to a ticket, its history and its suggestions, as the tables hold them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import select, text
from sqlmodel import col

from harness.actors import over_rest
from ticket_app.actor import Actor, by_command
from ticket_app.data.engine import get_engine, read_transaction
from ticket_app.data.tickets.tables import TicketEvent
from ticket_app.data.triage.tables import Suggestion, TriageJob
from ticket_app.schemas.conversation import AttachmentPublic
from ticket_app.schemas.tickets import TicketCreate, TicketListQuery, TicketPublic, TicketUpdate
from ticket_app.services.conversation.attachments import uploading
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.filing import open_ticket
from ticket_app.services.tickets.listing import list_tickets

PLAIN = {"title": "Wallpaper", "description": "The wallpaper of the start page is blue."}


def opened(**fields: Any) -> TicketPublic:
    """Files a ticket over REST; the text is a plain one by default."""
    return open_ticket(over_rest(), TicketCreate.model_validate(PLAIN | fields))


def changed(ticket_id: int, actor: Actor | None = None, **fields: Any) -> TicketPublic:
    """Changes these fields, over REST unless given; returns the ticket."""
    return update_ticket(actor or over_rest(), ticket_id, TicketUpdate.model_validate(fields))


def attached(
    ticket_id: int, content: bytes, name: str = "a.txt", actor: Actor | None = None
) -> AttachmentPublic:
    """Uploads a file to a ticket, over REST unless given; it waits to be sent."""
    upload = uploading.begin_upload(actor or over_rest(), ticket_id)
    try:
        uploading.append_to_upload(actor or over_rest(), upload, content)
        return uploading.finish_upload(actor or over_rest(), ticket_id, upload, name)
    finally:
        uploading.discard_upload(actor or over_rest(), upload)


def rest_at(moment: datetime) -> Actor:
    """Returns an Actor of REST at this moment."""
    return replace(over_rest(), at=moment)


def command_at(moment: datetime) -> Actor:
    """Returns an Actor of a command at this moment."""
    return replace(by_command(), at=moment)


def events_of(ticket_id: int) -> Sequence[TicketEvent]:
    """Returns a ticket's events, oldest first."""
    with read_transaction() as session:
        return session.scalars(
            select(TicketEvent)
            .where(col(TicketEvent.ticket_id) == ticket_id)
            .order_by(col(TicketEvent.id))
        ).all()


def suggestions_of(ticket_id: int) -> Sequence[Suggestion]:
    """Returns a ticket's suggestions, oldest first."""
    with read_transaction() as session:
        return session.scalars(
            select(Suggestion)
            .where(col(Suggestion.ticket_id) == ticket_id)
            .order_by(col(Suggestion.id))
        ).all()


def jobs() -> Sequence[TriageJob]:
    """Returns the jobs of tickets that wait for a provider, oldest first."""
    with read_transaction() as session:
        return session.scalars(select(TriageJob).order_by(col(TriageJob.ticket_id))).all()


def all_tickets() -> list[TicketPublic]:
    """Returns every ticket that is not deleted, page by page."""
    page = list_tickets(over_rest(), TicketListQuery(limit=50))
    found = page.items
    while page.next_cursor is not None:
        page = list_tickets(over_rest(), TicketListQuery(limit=50, cursor=page.next_cursor))
        found += page.items
    return found


def all_rows() -> dict[str, list[Any]]:
    """Returns every row of every table."""
    with get_engine().connect() as connection:
        return {
            table: list(connection.execute(text(f"SELECT * FROM {table} ORDER BY 1")))
            for table in ("ticket", "ticket_event", "suggestion", "triage_job", "triage_call")
        }


def wait_for_a_blocked_writer() -> None:
    """Return once PostgreSQL has a statement that waits for a lock. SQLite has no such list."""
    if get_engine().dialect.name == "sqlite":
        return
    deadline = monotonic() + 30
    asked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with get_engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        while connection.execute(asked).scalar_one() == 0:
            assert monotonic() < deadline
