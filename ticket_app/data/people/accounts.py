"""People and their accounts in the database: lists, searches, passwords, single-use links, and
whether the desk has any account.

Lists and searches cost the same with any number of requesters. A search is the beginning of a word
of the name with what follows it, of the address, or of its domain: one range of `person_term`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    TextClause,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    union,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from ticket_app.data.people.tables import (
    INACTIVE,
    TEAM,
    AccountLink,
    Credential,
    DeskFact,
    Handover,
    Person,
    PersonIdentity,
    PersonTerm,
)
from ticket_app.vocabulary import PERSON_TERM_MAX, Role

LAST = "\U0010ffff"
"""The last code point. No text goes on with it."""

_id = col(Person.id)
_term, _person_of_term = col(PersonTerm.term), col(PersonTerm.person_id)


class Wanted(NamedTuple):
    """A choice of people. `search` is folded; an empty one is none."""

    search: str = ""
    role: Role | None = None
    active: bool | None = None


class Login(NamedTuple):
    """An active person with a password. For anyone else the id is 0, which nobody has, and the hash
    is None."""

    person_id: int
    name: str
    email: str | None
    password_hash: str | None


NO_LOGIN = Login(0, "", None, None)


def read_fact(session: Session) -> DeskFact:
    """Return the facts of the desk."""
    return session.scalars(select(DeskFact)).one()


def lock_desk(session: Session) -> DeskFact:
    """Return the facts of the desk. Changes of accounts that hold this lock go one by one."""
    return session.scalars(select(DeskFact).with_for_update()).one()


def find_person(session: Session, person_id: int) -> Person | None:
    """Return the person with this id."""
    return session.get(Person, person_id)


def lock_person(session: Session, person_id: int) -> Person | None:
    """Return the person with this id, locked, as they are now.

    Their sign-ins and changes of what they sign in with go one by one. It is taken before the rows
    of their sessions. Tickets of the person may be filed meanwhile.
    """
    return session.execute(
        select(Person)
        .where(col(Person.id) == person_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def lock_agent(session: Session, person_id: int) -> bool:
    """Return True if this is an active agent or administrator, who stays so until the transaction
    ends. Others may do the same at once."""
    asked = select(_id).where(_id == person_id, TEAM, col(Person.active).is_(True))
    return session.scalar(asked.with_for_update(read=True)) is not None


def lock_handover(session: Session, person_id: int) -> Handover | None:
    """Return who gets the tickets of a person who has left the team, locked."""
    asked = select(Handover).where(col(Handover.person_id) == person_id)
    return session.scalar(asked.with_for_update())


def remove_handover(session: Session, person_id: int) -> None:
    """Forget who gets the tickets of this person."""
    session.execute(delete(Handover).where(col(Handover.person_id) == person_id))


def agents(session: Session, *, limit: int) -> Sequence[tuple[int, str]]:
    """Return the numbers and names of active agents and administrators, by name."""
    asked = select(_id, col(Person.name)).where(TEAM, col(Person.active).is_(True))
    found = session.execute(asked.order_by(col(Person.name), _id).limit(limit))
    return [(person_id, name) for person_id, name in found if person_id]


def agents_among(session: Session, person_ids: Collection[int | None]) -> Sequence[int]:
    """Return those of these people who are active agents or administrators."""
    asked = select(_id).where(_id.in_(person_ids), TEAM, col(Person.active).is_(True))
    return [each for each in session.scalars(asked) if each]


def find_people(session: Session, person_ids: Collection[int]) -> Sequence[Person]:
    """Return the people with these ids."""
    return session.scalars(select(Person).where(col(Person.id).in_(person_ids))).all()


def find_by_address(session: Session, email: str) -> Person | None:
    """Return the person with this folded address."""
    return session.execute(select(Person).where(col(Person.email) == email)).scalar_one_or_none()


def find_credential(session: Session, person_id: int) -> Credential | None:
    """Return the password of the person."""
    return session.get(Credential, person_id)


def lock_credential(session: Session, person_id: int) -> Credential | None:
    """Return the password of the person, locked, as it is now."""
    return session.execute(
        select(Credential)
        .where(col(Credential.person_id) == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def find_login(session: Session, email: str) -> Login:
    """Return what the person with this folded address signs in with."""
    return _login(session, col(Person.email) == email)


def find_own_login(session: Session, person_id: int) -> Login:
    """Return what this person signs in with."""
    return _login(session, col(Person.id) == person_id)


def _login(session: Session, whose: ColumnElement[bool]) -> Login:
    asked = (
        select(col(Person.id), col(Person.name), col(Person.email), col(Credential.password_hash))
        .join(Credential, col(Credential.person_id) == col(Person.id))
        .where(whose, col(Person.active).is_(True))
    )
    found = session.execute(asked).one_or_none()
    return Login(*found) if found else NO_LOGIN


def with_account(session: Session, person_ids: Sequence[int]) -> set[int]:
    """Return those of the people who can sign in: with a password, or by single sign-on."""
    owners = (col(Credential.person_id), col(PersonIdentity.person_id))
    asked = union(*(select(owner).where(owner.in_(person_ids)) for owner in owners))
    return set(session.execute(asked).scalars())


def people_after(
    session: Session, wanted: Wanted, after: int, *, limit: int
) -> Sequence[Person] | None:
    """Return at most `limit` people behind the person with the id `after`; 0 for the first page.

    They are in the order of their ids, and those of a search in the order of what was found. None
    if a search does not find the person `after`, so that there is no place behind them.
    """
    few = wanted.active is False or wanted.role not in (None, Role.REQUESTER)
    if wanted.search and not few:
        return _by_term(session, wanted, after, limit)
    asked = select(Person).where(_id > after, *_conditions(wanted))
    if wanted.search:
        found = select(_person_of_term).where(_person_of_term == _id, _begins(wanted.search))
        asked = asked.where(exists(found))
    return session.scalars(asked.order_by(_id).limit(limit)).all()


def accounts_after(session: Session, after: int, *, limit: int) -> Sequence[Person]:
    """Return people with an account or a role above requester, by id, with ids above `after`."""
    above = tuple(each for each in Role if each is not Role.REQUESTER)
    team = select(_id).where(TEAM, col(Person.role).in_(above), _id > after)
    owners = (col(Credential.person_id), col(PersonIdentity.person_id))
    pages = [
        team.order_by(_id).limit(limit),
        *(select(each).where(each > after).order_by(each).limit(limit) for each in owners),
    ]
    some = (select(each.subquery().c[0]) for each in pages)
    asked = select(Person).where(_id.in_(union(*some)))
    return session.scalars(asked.order_by(_id).limit(limit)).all()


def _by_term(session: Session, wanted: Wanted, after: int, limit: int) -> Sequence[Person] | None:
    """Return people in the order of the first of their terms that begins with the search."""
    earlier = aliased(PersonTerm)
    begins = _begins(wanted.search)
    is_first = ~exists().where(
        col(earlier.person_id) == _person_of_term,
        col(earlier.term) >= wanted.search,
        col(earlier.term) < _term,
    )
    asked = select(Person).join(PersonTerm, _person_of_term == _id)
    asked = asked.where(begins, is_first, *_conditions(wanted))
    if after:
        place = session.scalar(select(func.min(_term)).where(_person_of_term == after, begins))
        if place is None:
            return None
        asked = asked.where(_term >= place, or_(_term > place, _person_of_term > after))
    return session.scalars(asked.order_by(_term, _person_of_term).limit(limit)).all()


def _begins(search: str) -> ColumnElement[bool]:
    beginning = search[:PERSON_TERM_MAX]
    return and_(_term >= beginning, _term < beginning + LAST)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool] | TextClause]:
    """Return the conditions of role and activity, and those of the partial indexes."""
    found: list[ColumnElement[bool] | TextClause] = []
    if wanted.role is not None:
        found.append(col(Person.role) == wanted.role)
        found += [TEAM] if wanted.role is not Role.REQUESTER else []
    if wanted.active is not None:
        found.append(col(Person.active).is_(True) if wanted.active else INACTIVE)
    return found


def other_administrators(session: Session, person_id: int) -> int:
    """Return the number of active administrators with a password besides this person.

    Single sign-on does not count: it may fail, or let nobody in who is an administrator.
    """
    return session.scalars(
        select(func.count())
        .select_from(Person)
        .join(Credential, col(Credential.person_id) == col(Person.id))
        .where(
            col(Person.role) == Role.ADMINISTRATOR,
            col(Person.active).is_(True),
            col(Person.id) != person_id,
        )
    ).one()


def add_link(session: Session, link: AccountLink) -> None:
    """Add a link. The person's earlier links end: only the last one works."""
    remove_links(session, link.person_id)
    session.add(link)


def find_link(session: Session, key: str) -> AccountLink | None:
    """Return the link with this key. Whoever uses it holds the lock of the desk."""
    return session.get(AccountLink, key)


def links_until(session: Session, person_ids: Sequence[int]) -> dict[int, datetime]:
    """Return when the links of these people end or have ended, by person."""
    asked = select(col(AccountLink.person_id), col(AccountLink.expires_at)).where(
        col(AccountLink.person_id).in_(person_ids)
    )
    return dict(session.execute(asked).all())


def remove_expired_links(session: Session, until: datetime, *, limit: int) -> int:
    """Delete up to `limit` links that had expired by then; return how many."""
    some = select(col(AccountLink.key)).where(col(AccountLink.expires_at) <= until).limit(limit)
    done = session.execute(delete(AccountLink).where(col(AccountLink.key).in_(some)))
    return int(done.rowcount)  # type: ignore[attr-defined]


def remove_links(session: Session, person_id: int) -> None:
    """Delete every link of the person."""
    session.execute(delete(AccountLink).where(col(AccountLink.person_id) == person_id))


def set_credential(session: Session, person_id: int, password_hash: str, now: datetime) -> None:
    """Store the person's password hash, in place of the former one."""
    if (credential := find_credential(session, person_id)) is None:
        credential = Credential(person_id=person_id, password_hash=password_hash, updated_at=now)
        session.add(credential)
    credential.password_hash, credential.updated_at = password_hash, now
    session.flush()
