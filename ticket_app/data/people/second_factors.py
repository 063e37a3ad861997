"""Second factors and recovery codes in the database.

Whoever changes or uses one holds the lock of its person (`accounts.lock_person`), so that of two
requests with the same code one comes second.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, exists, func, insert, select, update
from sqlmodel import Session, col

from ticket_app.data.people.factor_tables import RecoveryCode, SecondFactor

_person_id, _confirmed_at = col(SecondFactor.person_id), col(SecondFactor.confirmed_at)


class Factor(NamedTuple):
    """The second factor of a person."""

    secret: str
    is_confirmed: bool
    last_step: int


def find(session: Session, person_id: int) -> Factor | None:
    """Return the person's second factor, confirmed or not."""
    found = session.execute(
        select(col(SecondFactor.secret), _confirmed_at, col(SecondFactor.last_step)).where(
            _person_id == person_id
        )
    ).one_or_none()
    return None if found is None else Factor(found[0], found[1] is not None, found[2])


def is_confirmed(session: Session, person_id: int) -> bool:
    """Return True if the person has a second factor that counts."""
    return bool(with_factor(session, [person_id]))


def with_factor(session: Session, person_ids: Collection[int]) -> set[int]:
    """Return those of the people who have a second factor that counts."""
    asked = select(_person_id).where(_person_id.in_(person_ids), _confirmed_at.is_not(None))
    return set(session.execute(asked).scalars())


def begin(session: Session, person_id: int, secret: str, now: datetime) -> None:
    """Store a secret that is not confirmed yet, in place of any other."""
    remove(session, person_id)
    row = {"person_id": person_id, "secret": secret, "created_at": now}
    session.execute(insert(SecondFactor).values(row))


def confirm(session: Session, person_id: int, now: datetime) -> None:
    """Let the person's second factor count from now on."""
    session.execute(update(SecondFactor).where(_person_id == person_id).values(confirmed_at=now))


def use_step(session: Session, person_id: int, step: int) -> None:
    """Record the step of time of a code that was accepted."""
    session.execute(update(SecondFactor).where(_person_id == person_id).values(last_step=step))


def remove(session: Session, person_id: int) -> None:
    """Delete the person's second factor with its recovery codes."""
    set_codes(session, person_id, ())
    session.execute(delete(SecondFactor).where(_person_id == person_id))


def set_codes(session: Session, person_id: int, keys: Collection[str]) -> None:
    """Store the digests of recovery codes, in place of all others."""
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id))
    if keys:
        rows = [{"key": key, "person_id": person_id} for key in keys]
        session.execute(insert(RecoveryCode), rows)


def has_code(session: Session, person_id: int, key: str) -> bool:
    """Return True if this is the digest of one of the person's recovery codes."""
    asked = exists().where(col(RecoveryCode.key) == key, col(RecoveryCode.person_id) == person_id)
    return bool(session.execute(select(asked)).scalar_one())


def remove_code(session: Session, key: str) -> None:
    """Delete a recovery code."""
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.key) == key))


def count_codes(session: Session, person_id: int) -> int:
    """Return how many recovery codes the person has left."""
    asked = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(col(RecoveryCode.person_id) == person_id)
    )
    return int(session.execute(asked).scalar_one())
