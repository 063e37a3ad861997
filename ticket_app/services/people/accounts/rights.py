"""Accounts: the first administrator, roles, and the end of an account.

Changes of accounts take one lock, so that two administrators cannot lower each other.
"""

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import write_transaction
from ticket_app.data.people import accounts, api_tokens, sessions
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.schemas.people import PersonPublic, PersonUpdate
from ticket_app.services.people import identity
from ticket_app.services.people.accounts.person_rows import (
    existing,
    id_of,
    person_with,
    public,
    set_rights,
)
from ticket_app.services.people.assignees import new_agent
from ticket_app.services.people.audit import audit
from ticket_app.services.people.permission import Verb, require
from ticket_app.vocabulary import AuditAction, Role


def create_administrator(actor: Actor, email: str, name: str | None, password_hash: str) -> int:
    """Creates an administrator, or makes one of a known person; returns the person's id.

    With the first one the desk closes: from then on everything needs a sign-in.
    """
    require(actor, Verb.OPERATE)
    with write_transaction(QUICK) as session:
        fact = accounts.lock_desk(session)
        person_id = _administrator(session, actor, email, name, password_hash)
        if fact.accounts_since is None:
            fact.accounts_since = actor.at
    identity.forget()
    return person_id


def create_first_administrator(actor: Actor, email: str, password_hash: str) -> bool:
    """As `create_administrator`, unless there is an account already; then returns False.

    Of several processes that call it together, one creates the administrator.
    """
    require(actor, Verb.OPERATE)
    with write_transaction(QUICK) as session:
        fact = accounts.lock_desk(session)
        if fact.accounts_since is not None:
            return False
        _administrator(session, actor, email, None, password_hash)
        fact.accounts_since = actor.at
    identity.forget()
    return True


def add_agent(actor: Actor, name: str) -> int | None:
    """Adds an agent without an address, as whom nobody can sign in; returns the person's number.
    The desk stays open."""
    require(actor, Verb.OPERATE)
    with write_transaction(QUICK) as session:
        return new_agent(session, actor, name)


def change_role(
    actor: Actor, person_id: int, role: Role, hand_to: int | None = None
) -> PersonPublic:
    """Changes a person's role and ends their sessions. Raises LastAdministratorError.

    The open tickets of an agent who becomes a requester go to the agent `hand_to`, or to nobody:
    see services/tickets/assigning/handing_on.py.
    """
    require(actor, Verb.MANAGE_PEOPLE)
    return _changed(actor, person_id, hand_to=hand_to, role=role)


def set_active(
    actor: Actor, person_id: int, active: bool, hand_to: int | None = None
) -> PersonPublic:
    """Deactivates or activates a person, and ends their sessions. Raises LastAdministratorError.

    The open tickets of whoever is deactivated go to the agent `hand_to`, or to nobody.
    """
    require(actor, Verb.MANAGE_PEOPLE)
    return _changed(actor, person_id, hand_to=hand_to, active=active)


def change_person(actor: Actor, person_id: int, update: PersonUpdate) -> PersonPublic:
    """Changes the fields given, all or none. A new role or activity ends the person's sessions.
    Raises PersonNotFoundError and LastAdministratorError."""
    require(actor, Verb.MANAGE_PEOPLE)
    return _changed(actor, person_id, **update.changes)


def _administrator(
    session: Session, actor: Actor, email: str, name: str | None, password_hash: str
) -> int:
    person = person_with(session, actor, email, name)
    was_one = person.role == Role.ADMINISTRATOR and accounts.with_account(session, [id_of(person)])
    person_id = set_rights(session, actor, person, role=Role.ADMINISTRATOR, active=True)
    accounts.set_credential(session, person_id, password_hash, actor.at)
    accounts.remove_links(session, person_id)
    sessions.remove_all(session, person_id)
    api_tokens.remove_all(session, person_id)
    done = AuditAction.PASSWORD_SET if was_one else AuditAction.ADMINISTRATOR_CREATED
    audit(session, actor, done, person_id=person_id)
    return person_id


def _changed(
    actor: Actor,
    person_id: int,
    *,
    name: str | None = None,
    hand_to: int | None = None,
    **values: Role | bool,
) -> PersonPublic:
    with write_transaction(QUICK) as session:
        accounts.lock_desk(session)
        person = existing(session, person_id)
        role, active = person.role, bool(person.active)
        if name is not None and name != person.name:
            person.name = name
            audit(session, actor, AuditAction.RENAMED, person_id=person_id)
        set_rights(session, actor, person, hand_to=hand_to, **values)
        if (role, active) != (person.role, person.active):
            sessions.remove_all(session, person_id)
        if role != person.role:
            detail = f"{role} -> {person.role}"
            audit(session, actor, AuditAction.ROLE_CHANGED, person_id=person_id, detail=detail)
        if active != person.active:
            done = AuditAction.ACTIVATED if person.active else AuditAction.DEACTIVATED
            audit(session, actor, done, person_id=person_id)
        if not person.active:
            accounts.remove_links(session, person_id)
            api_tokens.remove_all(session, person_id)
        shown = public(session, person)
    identity.forget_person(person_id)
    return shown
