"""The place and the lease of each follower."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col

from ticket_app.data.followers.tables import Follower

_name, _holder, _until = col(Follower.name), col(Follower.holder), col(Follower.leased_until)
_position = col(Follower.position)


def find(session: Session, name: str) -> Follower | None:
    """Return the follower of this name."""
    return session.get(Follower, name)


def every(session: Session) -> Sequence[Follower]:
    """Return all followers by name. There are as many as the desk has code for."""
    return session.scalars(select(Follower).order_by(_name)).all()


def add(session: Session, name: str, position: int, now: datetime) -> None:
    """Add a follower that is done with the events up to this one, unless it is there."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    values = {"name": name, "position": position, "moved_at": now}
    session.execute(insert(Follower).values(values).on_conflict_do_nothing())


def lease(session: Session, name: str, holder: str, now: datetime, until: datetime) -> int | None:
    """Give this process the lease until then; return the position, or None if another has it."""
    free = or_(_holder.is_(None), _holder == holder, _until <= now)
    given = update(Follower).where(_name == name, free).values(holder=holder, leased_until=until)
    return session.scalar(given.returning(_position))


def end_lease(session: Session, name: str, holder: str) -> None:
    """Take the lease from this process, if it has it."""
    held = update(Follower).where(_name == name, _holder == holder)
    session.execute(held.values(holder=None, leased_until=None))


def move(session: Session, name: str, holder: str, position: int, now: datetime) -> bool:
    """Move the follower on; return False if this process no longer has the lease."""
    held = update(Follower).where(_name == name, _holder == holder)
    moved = held.values(position=position, moved_at=now).returning(_position)
    return session.scalar(moved) is not None
