"""Sign-ins that wait for a code, in the database. None of them is a session."""

from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from ticket_app.data.people.factor_tables import SignInStep

_key, _person_id = col(SignInStep.key), col(SignInStep.person_id)
_expires_at = col(SignInStep.expires_at)


def add(session: Session, key: str, person_id: int, now: datetime, expires_at: datetime) -> None:
    """Store a sign-in with the right password."""
    row = {"key": key, "person_id": person_id, "created_at": now, "expires_at": expires_at}
    session.execute(insert(SignInStep).values(row))


def keep_newest(session: Session, person_id: int, *, most: int) -> None:
    """Delete all but the newest `most` of the person's."""
    newest = (
        select(_key).where(_person_id == person_id).order_by(_expires_at.desc(), _key).limit(most)
    )
    session.execute(
        delete(SignInStep).where(_person_id == person_id, _key.not_in(newest.scalar_subquery()))
    )


def person_of(session: Session, key: str, now: datetime) -> int | None:
    """Return whose sign-in this is; None if it has ended."""
    asked = select(_person_id).where(_key == key, _expires_at > now)
    return session.execute(asked).scalar_one_or_none()


def count_failure(session: Session, key: str) -> int:
    """Count a wrong code; return how many there were."""
    counted = (
        update(SignInStep)
        .where(_key == key)
        .values(failures=col(SignInStep.failures) + 1)
        .returning(col(SignInStep.failures))
    )
    return int(session.execute(counted).scalar_one())


def remove(session: Session, key: str) -> None:
    """Delete one."""
    session.execute(delete(SignInStep).where(_key == key))


def remove_all(session: Session, person_id: int) -> None:
    """Delete those of a person."""
    session.execute(delete(SignInStep).where(_person_id == person_id))


def remove_expired(session: Session, now: datetime, *, limit: int) -> int:
    """Delete up to `limit` that have expired; return how many."""
    some = select(_key).where(_expires_at <= now).limit(limit)
    done = session.execute(delete(SignInStep).where(_key.in_(some)))
    return int(done.rowcount)  # type: ignore[attr-defined]
