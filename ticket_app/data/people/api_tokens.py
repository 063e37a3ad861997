"""API tokens in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from ticket_app.data.people.tables import ApiToken, Person

_id, _key, _person_id = col(ApiToken.id), col(ApiToken.key), col(ApiToken.person_id)


class Bearer(NamedTuple):
    """A token that is in force: its owner, with the role of this moment, and its scope."""

    person_id: int
    role: str
    scope: str
    last_used_at: datetime | None


class Removed(NamedTuple):
    """A token that was revoked."""

    key: str
    name: str
    scope: str


def find_bearer(session: Session, key: str, now: datetime) -> Bearer | None:
    """Return the token with this key, unless it has expired or its owner is not active."""
    found = session.execute(
        select(_person_id, col(Person.role), col(ApiToken.scope), col(ApiToken.last_used_at))
        .join(Person, col(Person.id) == _person_id)
        .where(_key == key, col(ApiToken.expires_at) > now, col(Person.active).is_(True))
    ).one_or_none()
    return Bearer(*found) if found else None


def tokens_of(session: Session, person_id: int, *, limit: int) -> Sequence[ApiToken]:
    """Return the person's tokens, the newest first."""
    asked = select(ApiToken).where(_person_id == person_id).order_by(_id.desc()).limit(limit)
    return session.execute(asked).scalars().all()


def count_of(session: Session, person_id: int) -> int:
    """Return the number of the person's tokens, those that have expired included."""
    asked = select(func.count()).select_from(ApiToken).where(_person_id == person_id)
    return int(session.execute(asked).scalar_one())


def remove(session: Session, person_id: int, token_id: int) -> Removed | None:
    """Delete the person's token with this id; return what it was, or None if there is none."""
    gone = delete(ApiToken).where(_id == token_id, _person_id == person_id)
    found = session.execute(gone.returning(_key, col(ApiToken.name), col(ApiToken.scope)))
    row = found.one_or_none()
    return Removed(*row) if row else None


def remove_all(session: Session, person_id: int) -> None:
    """Delete every token of the person."""
    session.execute(delete(ApiToken).where(_person_id == person_id))


def use(session: Session, keys: Collection[str], now: datetime) -> None:
    """Record that the tokens were used. One that another writer holds is left out: it may be
    ending, and two writers of several rows could wait for each other."""
    free = select(_key).where(_key.in_(keys)).with_for_update(skip_locked=True)
    found = session.execute(free).scalars().all()
    session.execute(update(ApiToken).where(_key.in_(found)).values(last_used_at=now))


def remove_expired(session: Session, until: datetime, *, limit: int) -> int:
    """Delete up to `limit` tokens that had expired by then; return how many."""
    some = select(_id).where(col(ApiToken.expires_at) <= until).limit(limit)
    done = session.execute(delete(ApiToken).where(_id.in_(some)))
    return int(done.rowcount)  # type: ignore[attr-defined]
