"""Named queries of the work queue: a triage job for each ticket that waits for a provider."""

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
    """Lock the jobs that have been due longest, and return them with their tickets.

    The locks end with the transaction. Jobs that another process has locked are skipped (SQLite has
    one writer and ignores the clause).
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
    """Lock the job of a ticket until the transaction ends, and return it."""
    return session.scalar(
        select(TriageJob).where(col(TriageJob.ticket_id) == ticket_id).with_for_update()
    )


def remove_job(session: Session, ticket_id: int) -> None:
    """Delete the job of a ticket."""
    session.execute(delete(TriageJob).where(col(TriageJob.ticket_id) == ticket_id))


def some_waiting(session: Session) -> Sequence[Ticket]:
    """Lock at most SETTLED_AT_ONCE of the tickets that wait, and return them."""
    return session.scalars(
        select(Ticket)
        .join(TriageJob, col(Ticket.id) == col(TriageJob.ticket_id))
        .order_by(col(TriageJob.due_at), col(TriageJob.ticket_id))
        .limit(SETTLED_AT_ONCE)
        .with_for_update(of=Ticket)
    ).all()


def count_jobs(session: Session) -> int:
    """Return the number of tickets that wait, without deleted ones."""
    waiting = (
        select(func.count())
        .select_from(TriageJob)
        .join(Ticket, col(Ticket.id) == col(TriageJob.ticket_id))
        .where(present())
    )
    return session.scalar(waiting) or 0
