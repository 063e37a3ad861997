"""Named queries over the tickets that wait for a provider."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, delete, func, select
from sqlmodel import Session, col

from ticket_app.data.tickets.predicates import present
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage.tables import TriageJob

SETTLED_AT_ONCE = 500


def lock_due_jobs(
    session: Session, now: datetime, *, limit: int
) -> Sequence[Row[TriageJob, Ticket]]:
    """The jobs that have been due longest, with their tickets, held until the transaction ends.

    Those that another process holds are passed over (SQLite has one writer, and needs no word for
    it).
    """
    return session.execute(
        select(TriageJob, Ticket)
        .join(Ticket, col(Ticket.id) == col(TriageJob.ticket_id))
        .where(col(TriageJob.due_at) <= now, present())
        .order_by(col(TriageJob.due_at), col(TriageJob.ticket_id))
        .limit(limit)
        .with_for_update(skip_locked=True, of=TriageJob)
    ).all()


def lock_job(session: Session, ticket_id: int) -> TriageJob | None:
    """The job of a ticket, held until the transaction ends."""
    return session.scalar(
        select(TriageJob).where(col(TriageJob.ticket_id) == ticket_id).with_for_update()
    )


def remove_job(session: Session, ticket_id: int) -> None:
    """The ticket waits no more."""
    session.execute(delete(TriageJob).where(col(TriageJob.ticket_id) == ticket_id))


def some_waiting(session: Session) -> Sequence[Ticket]:
    """SETTLED_AT_ONCE of the tickets that wait, at most, held until the transaction ends."""
    return session.scalars(
        select(Ticket)
        .join(TriageJob, col(Ticket.id) == col(TriageJob.ticket_id))
        .order_by(col(TriageJob.due_at), col(TriageJob.ticket_id))
        .limit(SETTLED_AT_ONCE)
        .with_for_update(of=Ticket)
    ).all()


def count_jobs(session: Session) -> int:
    """How many tickets wait."""
    waiting = (
        select(func.count())
        .select_from(TriageJob)
        .join(Ticket, col(Ticket.id) == col(TriageJob.ticket_id))
        .where(present())
    )
    return session.scalar(waiting) or 0
