"""Invitations and resets: links by which a person sets a password.

Changes of accounts take one lock, so that a link is used once.
"""

from datetime import timedelta

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts, api_tokens, sessions
from ticket_app.data.people.tables import AccountLink, Person
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import (
    AccountLinkError,
    NoAccountsError,
    PersonInactiveError,
)
from ticket_app.schemas.people import PersonPublic
from ticket_app.services.people import identity
from ticket_app.services.people.accounts.person_rows import (
    existing,
    id_of,
    person_with,
    public,
    set_rights,
)
from ticket_app.services.people.audit import audit
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.tokens import digest, new_token
from ticket_app.vocabulary import AuditAction, LinkPurpose, Role

LIFETIMES = {LinkPurpose.INVITATION: timedelta(days=7), LinkPurpose.RESET: timedelta(hours=24)}
EXPIRED_AT_ONCE = 500


def invite(actor: Actor, email: str, name: str | None, role: Role) -> str:
    """Makes a person of this role and returns the token of the link that lets them set a password.

    Of a person who has an account, the role stays and a new link is made. Raises NoAccountsError
    while the desk is open, PersonInactiveError, and InvalidInputError for a wrong address or name.
    """
    require(actor, Verb.GIVE_LINKS)
    with write_transaction(QUICK) as session:
        if accounts.lock_desk(session).accounts_since is None:
            raise NoAccountsError
        person = person_with(session, actor, email, name)
        if not accounts.with_account(session, [id_of(person)]):
            set_rights(session, actor, person, role=role)
        token = _new_link(session, actor, person, LinkPurpose.INVITATION)
        done, detail = AuditAction.INVITED, str(person.role)
        audit(session, actor, done, person_id=id_of(person), detail=detail)
        return token


def reset(actor: Actor, person_id: int) -> str:
    """Returns the token of a link by which the person sets a new password.

    Raises NoAccountsError while the desk is open, PersonNotFoundError and PersonInactiveError.
    """
    require(actor, Verb.GIVE_LINKS)
    with write_transaction(QUICK) as session:
        if accounts.lock_desk(session).accounts_since is None:
            raise NoAccountsError
        person = existing(session, person_id)
        token = _new_link(session, actor, person, LinkPurpose.RESET)
        audit(session, actor, AuditAction.RESET_LINK, person_id=person_id)
        return token


def link_holder(actor: Actor, token: str) -> PersonPublic:
    """Returns the person of a link that still works. Raises AccountLinkError."""
    with read_transaction(QUICK) as session:
        return public(session, _person_of_link(session, actor, token))


def use_link(actor: Actor, token: str, password_hash: str, client_address: str = "") -> int:
    """Sets the password of the link's person and ends their sessions and API tokens; returns the
    person's id.

    The link ends. Raises AccountLinkError if it is unknown, used or too old, or if its person is
    not active.
    """
    with write_transaction(QUICK) as session:
        accounts.lock_desk(session)
        person_id = id_of(_person_of_link(session, actor, token))
        accounts.set_credential(session, person_id, password_hash, actor.at)
        accounts.remove_links(session, person_id)
        sessions.remove_all(session, person_id)
        api_tokens.remove_all(session, person_id)
        done = AuditAction.PASSWORD_SET
        audit(session, actor, done, person_id=person_id, client_address=client_address)
    identity.forget_person(person_id)
    return person_id


def expire_links(actor: Actor) -> bool:
    """Deletes up to EXPIRED_AT_ONCE links that have expired; returns True if more may exist."""
    require(actor, Verb.OPERATE)
    with write_transaction() as session:
        removed = accounts.remove_expired_links(session, actor.at, limit=EXPIRED_AT_ONCE)
    return removed == EXPIRED_AT_ONCE


def _new_link(session: Session, actor: Actor, person: Person, purpose: LinkPurpose) -> str:
    if not person.active:
        raise PersonInactiveError(person.email or person.name)
    token = new_token()
    link = AccountLink(
        key=digest(token),
        person_id=id_of(person),
        purpose=purpose,
        created_at=actor.at,
        expires_at=actor.at + LIFETIMES[purpose],
    )
    accounts.add_link(session, link)
    return token


def _person_of_link(session: Session, actor: Actor, token: str) -> Person:
    link = accounts.find_link(session, digest(token))
    if link is None or link.expires_at <= actor.at:
        raise AccountLinkError
    person = accounts.find_person(session, link.person_id)
    if person is None or not person.active:
        raise AccountLinkError
    return person
