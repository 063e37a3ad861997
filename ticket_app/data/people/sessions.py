"""Sessions of signed-in people in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, exists, select, update
from sqlmodel import Session, col

from ticket_app.data.people import sign_in_steps
from ticket_app.data.people.factor_tables import SecondFactor
from ticket_app.data.people.tables import Person, PersonSession


class SignedIn(NamedTuple):
    """A session that is in force, and its person. `has_factor` tells of a second factor that
    counts, `by_provider` that an identity provider vouches for the session."""

    key: str
    person_id: int
    role: str
    last_seen_at: datetime
    by_provider: bool
    has_factor: bool


def find_session(session: Session, key: str, now: datetime) -> SignedIn | None:
    """Return the session with this key, unless it has expired or its person is not active."""
    found = session.execute(
        select(
            col(PersonSession.key),
            col(Person.id),
            col(Person.role),
            col(PersonSession.last_seen_at),
            col(PersonSession.by_provider),
            exists().where(
                col(SecondFactor.person_id) == col(Person.id),
                col(SecondFactor.confirmed_at).is_not(None),
            ),
        )
        .join(Person, col(Person.id) == col(PersonSession.person_id))
        .where(
            col(PersonSession.key) == key,
            col(PersonSession.expires_at) > now,
            col(Person.active).is_(True),
        )
    ).one_or_none()
    return SignedIn(*found) if found else None


def keys_in_force(session: Session, keys: Collection[str], now: datetime) -> set[str]:
    """Return those of the keys whose sessions are in force."""
    return set(
        session.execute(
            select(col(PersonSession.key))
            .join(Person, col(Person.id) == col(PersonSession.person_id))
            .where(
                col(PersonSession.key).in_(keys),
                col(PersonSession.expires_at) > now,
                col(Person.active).is_(True),
            )
        ).scalars()
    )


def sessions_of(session: Session, person_id: int, *, limit: int) -> Sequence[PersonSession]:
    """Return the person's sessions, the one last seen first."""
    return (
        session.execute(
            select(PersonSession)
            .where(col(PersonSession.person_id) == person_id)
            .order_by(col(PersonSession.last_seen_at).desc())
            .limit(limit)
        )
        .scalars()
        .all()
    )


def has_session_from(session: Session, person_id: int, client: str, now: datetime) -> bool:
    """Return True if the person has a session in force that began at this client."""
    asked = select(
        exists().where(
            col(PersonSession.person_id) == person_id,
            col(PersonSession.client_address) == client,
            col(PersonSession.expires_at) > now,
        )
    )
    return bool(session.execute(asked).scalar_one())


def see(session: Session, keys: Collection[str], now: datetime) -> None:
    """Record that the sessions were used. One that another writer holds is left out: it may be
    ending, and two writers of several rows could wait for each other."""
    free = select(col(PersonSession.key)).where(col(PersonSession.key).in_(keys))
    found = session.execute(free.with_for_update(skip_locked=True)).scalars().all()
    session.execute(
        update(PersonSession).where(col(PersonSession.key).in_(found)).values(last_seen_at=now)
    )


def remove(session: Session, key: str) -> None:
    """Delete the session with this key, if there is one."""
    session.execute(delete(PersonSession).where(col(PersonSession.key) == key))


def remove_all(session: Session, person_id: int, *, but: str | None = None) -> int:
    """Delete the person's sessions, `but` one, and their sign-ins that wait for a code; return how
    many sessions there were."""
    sign_in_steps.remove_all(session, person_id)
    done = session.execute(
        delete(PersonSession).where(
            col(PersonSession.person_id) == person_id, col(PersonSession.key) != (but or "")
        )
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def remove_expired(session: Session, now: datetime, *, limit: int) -> int:
    """Delete up to `limit` expired sessions; return how many."""
    some = select(col(PersonSession.key)).where(col(PersonSession.expires_at) <= now).limit(limit)
    done = session.execute(delete(PersonSession).where(col(PersonSession.key).in_(some)))
    return int(done.rowcount)  # type: ignore[attr-defined]
