"""Sign-in by a provider of OpenID Connect: whose account it is, and with which role.

A subject of the provider is one person for good, whatever becomes of the address. The first sign-in
finds the person by the e-mail address, and only if the provider has verified it: otherwise whoever
writes another's address into their profile there would get that account here.
"""

import logging
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts, identities
from ticket_app.data.people import sessions as stored_sessions
from ticket_app.data.people.tables import Person
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import LastAdministratorError, SignOnProblem, SingleSignOnError
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.accounts.person_rows import existing, id_of, person_with, set_rights
from ticket_app.services.people.audit import audit, audit_failure
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.signing_in.claims import Claims, higher, read_claims, role_of
from ticket_app.settings import SingleSignOn
from ticket_app.vocabulary import AuditAction, Role

log = logging.getLogger(__name__)

HOW = "OpenID Connect"
RECORDED = frozenset(
    {
        SignOnProblem.NOT_BELIEVED,
        SignOnProblem.UNVERIFIED,
        SignOnProblem.OTHER_SUBJECT,
        SignOnProblem.REFUSED,
    }
)
"""Failures that the audit has. The others tell of no person: anyone can forge a way back."""


def enter(
    actor: Actor,
    sso: SingleSignOn,
    said: Mapping[str, Any],
    client_address: str,
    user_agent: str,
) -> str:
    """Signs the person of these claims in; returns the token of the new session. The actor's own
    session ends.

    The caller has checked the claims, whose `iss` is the provider. Raises SingleSignOnError.
    """
    claims, issuer = read_claims(said, sso), str(said["iss"])
    with write_transaction(QUICK) as session:
        accounts.lock_desk(session)
        person = _person_of(session, actor, sso, issuer, claims)
        person_id = id_of(person)
        token = sessions.add_session(
            session,
            actor,
            person_id,
            client_address,
            user_agent,
            by_provider=True,
            detail=HOW,
        )
    sessions.forget_own(actor)
    identity.forget_person(person_id)
    return token


def record_failure(actor: Actor, error: SingleSignOnError) -> None:
    """Writes a failed sign-in into the audit, if it is one of RECORDED."""
    if error.reason not in RECORDED:
        return
    with write_transaction(QUICK) as session:
        detail = f"{HOW}: {error.reason}"
        audit_failure(session, actor, error.person_id, person_id=error.person_id, detail=detail)


def began_by_provider(actor: Actor) -> bool:
    """Returns True if the actor's own session began by a provider, and not by a password."""
    if actor.identity.session_key is None:
        return False
    with read_transaction(QUICK) as session:
        return identities.began_by_provider(session, actor.identity.session_key)


def has_password(actor: Actor) -> bool:
    """Returns True if the person who acts can also sign in by a password."""
    require(actor, Verb.USE_ACCOUNT)
    with read_transaction(QUICK) as session:
        return accounts.find_credential(session, actor.identity.person_id or 0) is not None


def unlink(actor: Actor, person_id: int) -> bool:
    """Forgets who the person is at a provider, and ends the sessions that began by one.

    The next sign-in finds the person by the address again. Returns False if nothing was known.
    """
    require(actor, Verb.MANAGE_PEOPLE)
    with write_transaction(QUICK) as session:
        accounts.lock_desk(session)
        known = identities.remove_all(session, id_of(existing(session, person_id)))
        identities.remove_sessions(session, person_id)
        if known:
            audit(session, actor, AuditAction.IDENTITY_UNLINKED, person_id=person_id)
    identity.forget_person(person_id)
    return bool(known)


def _person_of(
    session: Session, actor: Actor, sso: SingleSignOn, issuer: str, claims: Claims
) -> Person:
    person_id = identities.find_person_id(session, issuer, claims.subject)
    if person_id is None:
        return _linked(session, actor, sso, issuer, claims)
    person = _active(existing(session, person_id))
    if sso.roles:
        _set_role(session, actor, person, role_of(claims, sso) or Role.REQUESTER)
    return person


def _linked(
    session: Session, actor: Actor, sso: SingleSignOn, issuer: str, claims: Claims
) -> Person:
    """Links the subject to the person of its address, who is added if a role is for them."""
    if claims.email is None:
        raise SingleSignOnError(SignOnProblem.UNVERIFIED)
    person = accounts.find_by_address(session, claims.email)
    role = role_of(claims, sso)
    if person is None and role is None:
        raise SingleSignOnError(SignOnProblem.REFUSED)
    if person is None:
        person = person_with(session, actor, claims.email, claims.name)
    elif identities.has_subject(session, issuer, id_of(_active(person))):
        # The provider has given the address to somebody else.
        raise SingleSignOnError(SignOnProblem.OTHER_SUBJECT, id_of(person))
    identities.add(session, issuer, claims.subject, id_of(person), actor.at)
    audit(session, actor, AuditAction.IDENTITY_LINKED, person_id=id_of(person), detail=HOW)
    wanted = role or Role.REQUESTER
    # Without OIDC_ROLES the desk decides about roles, and the provider only about the first one.
    _set_role(session, actor, person, wanted if sso.roles else higher(wanted, Role(person.role)))
    return person


def _active(person: Person) -> Person:
    """Returns the person. Whoever was deactivated is told what a stranger is told."""
    if not person.active:
        raise SingleSignOnError(SignOnProblem.REFUSED, id_of(person))
    return person


def _set_role(session: Session, actor: Actor, person: Person, role: Role) -> None:
    """Gives the person a role, and ends their sessions if they had another one."""
    if person.role == role:
        return
    change = f"{person.role} -> {role}, by {HOW}"
    try:
        set_rights(session, actor, person, role=role)
    except LastAdministratorError:
        log.warning(
            "person %d stays an administrator, whatever the provider says: no other active one has "
            "a password",
            id_of(person),
        )
    else:
        audit(session, actor, AuditAction.ROLE_CHANGED, person_id=id_of(person), detail=change)
        stored_sessions.remove_all(session, id_of(person))
