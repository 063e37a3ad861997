"""The audit in the database. No other module writes `audit_entry`, and nothing changes it."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    delete,
    exists,
    insert,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from ticket_app.actor import Actor
from ticket_app.data.people.tables import AccountLink, AuditEntry, Person
from ticket_app.data.types import BigId, UtcDateTime
from ticket_app.schemas.audit import AuditFilter
from ticket_app.schemas.paging import Position
from ticket_app.vocabulary import AuditAction

_at, _id, _action = col(AuditEntry.created_at), col(AuditEntry.id), col(AuditEntry.action)
_actor_id, _person_id = col(AuditEntry.actor_id), col(AuditEntry.person_id)
_actor, _person = aliased(Person), aliased(Person)
_id_of = attrgetter("id")


def write(
    session: Session,
    actor: Actor,
    action: AuditAction,
    *,
    person_id: int | None,
    ticket_id: int | None,
    client_address: str,
    detail: str,
) -> None:
    """Write an entry in the transaction of the session."""
    entry = {
        "created_at": actor.at,
        "who": actor.who,
        "edge": actor.edge,
        "actor_id": actor.identity.person_id,
        "action": action,
        "person_id": person_id,
        "ticket_id": ticket_id,
        "client_address": client_address,
        "detail": detail,
    }
    session.flush()  # the entry may name a person whom the session has just added
    session.execute(insert(AuditEntry).values(entry))


def remove_links_made_by(session: Session, person_id: int) -> None:
    """Delete the links for passwords that the person has made. A link and the entry of its making
    have one time."""
    made = exists().where(
        _actor_id == person_id,
        _action.in_((AuditAction.INVITED, AuditAction.RESET_LINK)),
        _person_id == col(AccountLink.person_id),
        _at == col(AccountLink.created_at),
    )
    session.execute(delete(AccountLink).where(made.correlate(AccountLink)))


def newest(
    session: Session, wanted: AuditFilter, *, after: Position | None, limit: int
) -> list[Row[Any]]:
    """Return the entries that are wanted, the newest first, with the names of their people.

    Each action is a question of its own, and so are the two ways to be involved: an index has the
    newest of one value, and not those of several.
    """
    actions: list[ColumnElement[bool]] = [_action == each for each in dict.fromkeys(wanted.action)]
    common = [*_conditions(wanted, after)]
    found = [
        _ask(session, [*common, action, involved], limit)
        for action in actions or [true()]
        for involved in _involved(wanted.involving)
    ]
    newest_first = merge(*found, key=lambda row: (row.created_at, row.id), reverse=True)
    # Whoever acted upon themselves is involved in both ways.
    return list(islice((next(same) for _, same in groupby(newest_first, _id_of)), limit))


def _ask(
    session: Session, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Sequence[Row[Any]]:
    asked = (
        select(
            *AuditEntry.__table__.columns,  # type: ignore[attr-defined]
            col(_actor.name).label("actor_name"),
            col(_person.name).label("person_name"),
        )
        .outerjoin(_actor, col(_actor.id) == _actor_id)
        .outerjoin(_person, col(_person.id) == _person_id)
        .where(*conditions)
        .order_by(_at.desc(), _id.desc())
        .limit(limit)
    )
    return session.execute(asked).all()


def _involved(person_id: int | None) -> list[ColumnElement[bool]]:
    """Return conditions of which each entry that involves the person meets at least one."""
    return [true()] if person_id is None else [_person_id == person_id, _actor_id == person_id]


def _conditions(wanted: AuditFilter, after: Position | None) -> Iterator[ColumnElement[bool]]:
    if wanted.person is not None:
        yield _person_id == wanted.person
    if wanted.actor is not None:
        yield _actor_id == wanted.actor
    if wanted.since is not None:
        yield _at >= wanted.since
    if wanted.until is not None:
        yield _at < wanted.until
    if after is not None:
        place = literal(after.created_at, UtcDateTime), literal(after.id, BigId)
        yield tuple_(_at, _id) < tuple_(*place)
