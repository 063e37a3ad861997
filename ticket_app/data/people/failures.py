"""Failed sign-ins in the database, counted by subject in windows of time."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, delete, select, update
from sqlmodel import Session, col

from ticket_app.data.people.requesters import INSERTS
from ticket_app.data.people.tables import SignInFailure

_key, _failures = col(SignInFailure.key), col(SignInFailure.failures)
_started = col(SignInFailure.window_started_at)


def find(session: Session, keys: Collection[str]) -> dict[str, tuple[int, datetime]]:
    """Return the failures of each subject that has any, and when its window has started."""
    asked = select(_key, _failures, _started).where(_key.in_(keys))
    return {key: (failures, started) for key, failures, started in session.execute(asked)}


def count(session: Session, key: str, now: datetime, *, since: datetime) -> int:
    """Count a failure of a subject now; return the failures of its window, at least 1.

    A window that has started at `since` or before is over, and a new one begins. Of several
    processes none loses a count. Callers count the keys of a transaction in their order.
    """
    is_over = _started <= since
    statement = INSERTS[session.get_bind().dialect.name](SignInFailure).values(
        key=key, failures=1, window_started_at=now
    )
    counted = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "failures": case((is_over, 1), else_=_failures + 1),
            "window_started_at": case((is_over, now), else_=_started),
        },
    ).returning(_failures)
    return int(session.execute(counted).scalar_one())


def take_back(session: Session, key: str) -> None:
    """Take back one failure of a subject."""
    locked = select(_failures).where(_key == key).with_for_update()
    if session.execute(locked).scalar_one_or_none() == 1:
        clear(session, key)
    else:
        session.execute(update(SignInFailure).where(_key == key).values(failures=_failures - 1))


def clear(session: Session, key: str) -> None:
    """Delete the failures of a subject."""
    session.execute(delete(SignInFailure).where(_key == key))


def remove_old(session: Session, until: datetime, *, limit: int) -> int:
    """Delete up to `limit` windows that have started at `until` or before; return how many."""
    some = select(_key).where(_started <= until).limit(limit)
    done = session.execute(delete(SignInFailure).where(_key.in_(some)))
    return int(done.rowcount)  # type: ignore[attr-defined]
