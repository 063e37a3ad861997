"""Named queries of the ledger of calls to AI providers."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, case, func, select
from sqlmodel import Session, col

from ticket_app.data.triage.tables import TriageCall
from ticket_app.vocabulary import CallOutcome

BILLED = (
    CallOutcome.OK,
    CallOutcome.INVALID_ANSWER,
    CallOutcome.REFUSED,
    CallOutcome.TOO_LARGE,
    CallOutcome.TIMEOUT,
    CallOutcome.CANCELLED,
)
"""Outcomes of calls that a provider may bill."""


class Spent(NamedTuple):
    """The known cost in billionths of a US dollar, and the number of calls of unknown cost."""

    nano_usd: int
    unknown: int


def spent_since(session: Session, since: datetime) -> Spent:
    """Return the cost of the calls since then."""
    cost = col(TriageCall.cost_nano_usd)
    is_unknown = and_(
        cost.is_(None), col(TriageCall.attempt) > 0, col(TriageCall.outcome).in_(BILLED)
    )
    row = session.execute(
        select(
            func.coalesce(func.sum(cost), 0),
            func.coalesce(func.sum(case((is_unknown, 1), else_=0)), 0),
        ).where(col(TriageCall.created_at) >= since)
    ).one()
    return Spent(int(row[0]), int(row[1]))
