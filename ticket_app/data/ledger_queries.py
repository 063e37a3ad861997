"""Named queries over the ledger of calls to AI providers."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from ticket_app.data.tables import TriageCall


def spent_since(session: Session, since: datetime) -> int:
    """What the calls since then cost as far as known, in billionths of a US dollar."""
    spent = select(func.sum(col(TriageCall.cost_nano_usd))).where(
        col(TriageCall.created_at) >= since
    )
    return int(session.scalar(spent) or 0)
