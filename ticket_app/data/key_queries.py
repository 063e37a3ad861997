"""Named queries over the idempotency keys that are kept."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from ticket_app.data.tables import IdempotencyKey


def remove_older_keys(session: Session, than: datetime, *, limit: int) -> int:
    """Remove `limit` keys at most that were made before; how many. What another process removes at
    this moment is passed over (SQLite has one writer, and needs no word for it)."""
    oldest = (
        select(col(IdempotencyKey.key))
        .where(col(IdempotencyKey.created_at) < than)
        .order_by(col(IdempotencyKey.created_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = session.scalars(oldest).all()
    if keys:
        session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.key).in_(keys)))
    return len(keys)
