"""Sessions: they begin at a sign-in and end by sign-out, expiry, or a change of their person."""

from collections.abc import Collection
from datetime import timedelta

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts
from ticket_app.data.people import sessions as stored
from ticket_app.data.people.tables import PersonSession
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import PersonNotFoundError
from ticket_app.schemas.people import SessionPublic
from ticket_app.services.people import identity
from ticket_app.services.people.audit import audit, audit_own
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.tokens import digest, new_token
from ticket_app.texts import one_line
from ticket_app.vocabulary import CLIENT_ADDRESS_MAX, USER_AGENT_MAX, AuditAction

LIFETIME = timedelta(days=30)
LISTED_MAX = 100
EXPIRED_AT_ONCE = 500


def begin(
    actor: Actor,
    person_id: int,
    client_address: str,
    user_agent: str,
    *,
    by_provider: bool = False,
) -> str:
    """Begins a session and returns its token, for the cookie. The actor's own session ends.

    The caller has checked who the person is, by a second factor as well if they have one. With
    `by_provider` an identity provider has: no second factor is asked for, nor does the role need
    one. Raises PersonNotFoundError if the person is not active.
    """
    with write_transaction(QUICK) as session:
        token = add_session(
            session, actor, person_id, client_address, user_agent, by_provider=by_provider
        )
    forget_own(actor)
    return token


def add_session(
    session: Session,
    actor: Actor,
    person_id: int,
    client_address: str,
    user_agent: str,
    *,
    by_provider: bool = False,
    detail: str = "",
) -> str:
    """As `begin`, within a transaction. After it the caller calls `forget_own`.

    `detail` is what the audit says of the sign-in, if it was not an ordinary one. Raises
    TooManyRequestsError for someone who signs in all the time.
    """
    token = new_token()
    # Locked, so that no session begins beside a deactivation that ends all of them.
    person = accounts.lock_person(session, person_id)
    if person is None or not person.active:
        raise PersonNotFoundError(person_id)
    if actor.identity.session_key is not None:
        stored.remove(session, actor.identity.session_key)
    session.add(
        PersonSession(
            key=digest(token),
            person_id=person_id,
            client_address=shown_address(client_address),
            user_agent=one_line(user_agent, USER_AGENT_MAX),
            by_provider=by_provider,
            created_at=actor.at,
            last_seen_at=actor.at,
            expires_at=actor.at + LIFETIME,
        )
    )
    done, where = AuditAction.SIGN_IN, client_address
    audit_own(session, actor, done, person_id, client_address=where, detail=detail)
    return token


def shown_address(client_address: str) -> str:
    """Returns the address of a client as a session keeps it."""
    return one_line(client_address, CLIENT_ADDRESS_MAX)


def forget_own(actor: Actor) -> None:
    """Lets this process forget the actor's own session."""
    if actor.identity.session_key is not None:
        identity.forget(actor.identity.session_key)


def end_own(actor: Actor) -> None:
    """Ends the actor's own session (sign-out)."""
    if (key := actor.identity.session_key) is not None:
        with write_transaction(QUICK) as session:
            stored.remove(session, key)
            audit(session, actor, AuditAction.SIGN_OUT, person_id=actor.identity.person_id)
        identity.forget(key)


def end_one_of_own(actor: Actor, handle: str) -> None:
    """Ends the one of the actor's sessions with this handle, if there is one."""
    require(actor, Verb.USE_ACCOUNT)
    person_id = _person_of(actor)
    with write_transaction(QUICK) as session:
        known = stored.sessions_of(session, person_id, limit=LISTED_MAX)
        keys = [each.key for each in known if _handle(each.key) == handle]
        for key in keys:
            stored.remove(session, key)
            audit(session, actor, AuditAction.SESSION_ENDED, person_id=person_id, detail="one")
    for key in keys:
        identity.forget(key)


def end_all(actor: Actor, person_id: int) -> None:
    """Ends every session of a person. Whoever has signed in may end their own ones but this.

    Raises PersonNotFoundError.
    """
    if person_id != actor.identity.person_id:
        require(actor, Verb.MANAGE_PEOPLE)
    else:
        require(actor, Verb.USE_ACCOUNT)
    with write_transaction(QUICK) as session:
        if accounts.find_person(session, person_id) is None:
            raise PersonNotFoundError(person_id)
        if stored.remove_all(session, person_id, but=actor.identity.session_key):
            audit(session, actor, AuditAction.SESSION_ENDED, person_id=person_id)
    identity.forget_person(person_id)


def own_sessions(actor: Actor) -> list[SessionPublic]:
    """Returns the actor's sessions, the one last seen first, LISTED_MAX at most."""
    require(actor, Verb.USE_ACCOUNT)
    with read_transaction(QUICK) as session:
        return [
            SessionPublic(
                _handle(each.key),
                each.client_address,
                each.user_agent,
                each.created_at,
                each.last_seen_at,
                each.key == actor.identity.session_key,
            )
            for each in stored.sessions_of(session, _person_of(actor), limit=LISTED_MAX)
        ]


def in_force(actor: Actor, keys: Collection[str]) -> set[str]:
    """Returns those of the keys whose sessions are in force, for the check of open pages."""
    require(actor, Verb.OPERATE)
    if not keys:
        return set()
    with read_transaction(QUICK) as session:
        return stored.keys_in_force(session, keys, actor.at)


def expire_sessions(actor: Actor) -> bool:
    """Deletes up to EXPIRED_AT_ONCE expired sessions; returns True if more may exist."""
    require(actor, Verb.OPERATE)
    with write_transaction() as session:
        return stored.remove_expired(session, actor.at, limit=EXPIRED_AT_ONCE) == EXPIRED_AT_ONCE


def _person_of(actor: Actor) -> int:
    if actor.identity.person_id is None:
        raise RuntimeError("only a person who has signed in may use an account")
    return actor.identity.person_id


def _handle(key: str) -> str:
    return digest(key)[:16]
