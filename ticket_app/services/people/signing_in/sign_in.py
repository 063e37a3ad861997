"""Sign-in by e-mail address and password, and new passwords.

Known and unknown addresses get equal answers after equal work: the same statements and one hash.
"""

from functools import partial
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.addresses import bare_address, composed, folded, is_address
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts as stored
from ticket_app.data.people import failures, identities, second_factors
from ticket_app.data.people import sessions as stored_sessions
from ticket_app.data.people.accounts import Login
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import (
    PersonNotFoundError,
    TicketAppError,
    WrongCredentialsError,
)
from ticket_app.services.bulkhead import Bulkhead
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.accounts import invitations
from ticket_app.services.people.audit import audit, audit_failure
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.signing_in import lockout
from ticket_app.services.people.signing_in.client import Client
from ticket_app.services.people.signing_in.code_step import add_step
from ticket_app.services.people.signing_in.codes import forget_wrong_codes
from ticket_app.services.people.signing_in.password_rules import require_good_password
from ticket_app.services.people.signing_in.passwords import (
    hash_password,
    needs_rehash,
    verify_password,
)
from ticket_app.vocabulary import AuditAction

SIGNING_IN = Bulkhead("sign-in", 2)
"""The statements of sign-ins and new passwords, which wait for the locks of their counters."""
TYPED_MAX = 1_000
"""Characters of a typed address that are read; an address has 254."""
REMOVED_AT_ONCE = 500


class Entry(NamedTuple):
    """What a right password gives: the token of a new session, or of a sign-in that waits for a
    code of the person's second factor."""

    token: str
    needs_code: bool


class _Attempt(NamedTuple):
    """A sign-in that is counted and not decided yet.

    `address` is the folded one, or empty. A failure of one that `is_last` is followed by a lockout.
    """

    login: Login
    subjects: lockout.Subjects
    address: str
    is_last: bool


async def sign_in(
    actor: Actor, email: str, password: str, client_address: str, user_agent: str
) -> Entry:
    """Signs a person in, or lets them wait for a code. With the new session the actor's own ends.

    Raises WrongCredentialsError, TooManyAttemptsError, and BusyError or DatabaseUnavailableError if
    nothing was decided.
    """
    client = Client(client_address, user_agent)
    attempt = await SIGNING_IN.do(partial(_begin_by_address, actor, email, client))
    await _require_password(actor, attempt, password, client)
    newer = await _newer_hash(attempt, password)
    return await SIGNING_IN.do(partial(_enter, actor, attempt, newer, client))


async def change_password(
    actor: Actor, current: str, password: str, client_address: str, user_agent: str
) -> str:
    """Changes the actor's own password, ends all their sessions, and returns the token of a new
    one.

    Raises what `sign_in` raises for a wrong current password, and InvalidInputError for a new one
    that breaks a rule.
    """
    require(actor, Verb.USE_ACCOUNT)
    client = Client(client_address, user_agent)
    attempt = await SIGNING_IN.do(partial(_begin_own, actor, client))
    await _require_password(actor, attempt, current, client)
    login = attempt.login
    require_good_password(password, name=login.name, email=login.email)
    hashed = await hash_password(password)
    return await SIGNING_IN.do(partial(_replace, actor, attempt, hashed, client))


async def require_own_password(
    actor: Actor, password: str, client_address: str, user_agent: str
) -> None:
    """Raises what `sign_in` raises unless this is the actor's own password."""
    require(actor, Verb.SET_UP_FACTOR)
    client = Client(client_address, user_agent)
    attempt = await SIGNING_IN.do(partial(_begin_own, actor, client))
    await _require_password(actor, attempt, password, client)


async def set_password(
    actor: Actor, link: str, password: str, client_address: str, user_agent: str
) -> Entry:
    """Sets a password by the token of a link, and signs its person in as `sign_in` does.

    The link and the person's other sessions end. A second factor stays. Raises AccountLinkError,
    InvalidInputError for a password that breaks a rule, and BusyError or DatabaseUnavailableError.
    """
    client = Client(client_address, user_agent)
    person = await SIGNING_IN.do(partial(invitations.link_holder, actor, link))
    require_good_password(password, name=person.name, email=person.email)
    hashed = await hash_password(password)
    return await SIGNING_IN.do(partial(_use_link, actor, link, hashed, client))


def expire_failures(actor: Actor) -> bool:
    """Deletes up to REMOVED_AT_ONCE old counts of failures; returns True if more may exist."""
    require(actor, Verb.OPERATE)
    with write_transaction() as session:
        until = actor.at - lockout.LONGEST_WINDOW
        return failures.remove_old(session, until, limit=REMOVED_AT_ONCE) == REMOVED_AT_ONCE


def _begin_by_address(actor: Actor, email: str, client: Client) -> _Attempt:
    address = folded(composed(bare_address(email[:TYPED_MAX])))
    with read_transaction(QUICK) as session:
        # An address that breaks the form has no person, and may hold what a database refuses.
        sought = address if is_address(address) else ""
        login = stored.find_login(session, sought)
        subjects = _subjects(session, actor, login, address, client)
    return _counted(actor, login, subjects, sought)


def _begin_own(actor: Actor, client: Client) -> _Attempt:
    with read_transaction(QUICK) as session:
        login = stored.find_own_login(session, actor.identity.person_id or 0)
        address = login.email or ""
        subjects = _subjects(session, actor, login, address, client)
    return _counted(actor, login, subjects, address)


def _subjects(
    session: Session, actor: Actor, login: Login, address: str, client: Client
) -> lockout.Subjects:
    is_known = stored_sessions.has_session_from(
        session, login.person_id, sessions.shown_address(client.address), actor.at
    )
    subjects = lockout.subjects_of(address, client.address, is_known=is_known)
    # Looked at before it is counted, so that those who are locked out write nothing.
    lockout.require_attempt_left(session, subjects, actor.at)
    return subjects


def _counted(actor: Actor, login: Login, subjects: lockout.Subjects, address: str) -> _Attempt:
    with write_transaction(QUICK) as session:
        is_last = lockout.count_attempt(session, subjects, actor.at)
    return _Attempt(login, subjects, address, is_last)


async def _require_password(actor: Actor, attempt: _Attempt, password: str, client: Client) -> None:
    try:
        is_right = await verify_password(password, attempt.login.password_hash)
    except TicketAppError:
        await SIGNING_IN.do(partial(_take_back, attempt))
        raise
    if not is_right:
        await SIGNING_IN.do(partial(_record_failure, actor, attempt, client))
        raise WrongCredentialsError
    await SIGNING_IN.do(partial(_forgive, attempt))


def _record_failure(actor: Actor, attempt: _Attempt, client: Client) -> None:
    has_account = attempt.login.person_id or None
    with write_transaction(QUICK) as session:
        # Asked for every address, so that known and unknown ones cost the same.
        person = stored.find_by_address(session, attempt.address)
        why = "unknown address" if person is None else "no active account"
        audit_failure(
            session,
            actor,
            has_account,
            person_id=has_account or (person.id if person else None),
            client_address=client.address,
            detail=("wrong password" if has_account else why)
            + (", locked out" if attempt.is_last else ""),
        )


async def _newer_hash(attempt: _Attempt, password: str) -> str | None:
    """Returns the hash with today's parameters for one of former days, else None."""
    known = attempt.login.password_hash
    return await hash_password(password) if known and needs_rehash(known) else None


def _take_back(attempt: _Attempt) -> None:
    with write_transaction(QUICK) as session:
        lockout.take_back_attempt(session, attempt.subjects)


def _forgive(attempt: _Attempt) -> None:
    with write_transaction(QUICK) as session:
        lockout.clear_failures(session, attempt.subjects)


def _enter(actor: Actor, attempt: _Attempt, newer: str | None, client: Client) -> Entry:
    person_id = attempt.login.person_id
    with write_transaction(QUICK) as session:
        _require_same_password(session, attempt)
        if newer is not None:
            stored.set_credential(session, person_id, newer, actor.at)
        entry = _begin(session, actor, person_id, client)
    sessions.forget_own(actor)
    return entry


def _replace(actor: Actor, attempt: _Attempt, hashed: str, client: Client) -> str:
    person_id = attempt.login.person_id
    with write_transaction(QUICK) as session:
        stored.lock_desk(session)  # a link may be used now
        _require_same_password(session, attempt)
        stored.lock_person(session, person_id)
        # What a provider has vouched for goes on: its second factor, and the sign-out there.
        by_provider = identities.began_by_provider(session, actor.identity.session_key or "")
        stored.set_credential(session, person_id, hashed, actor.at)
        stored.remove_links(session, person_id)
        stored_sessions.remove_all(session, person_id)
        done, where = AuditAction.PASSWORD_CHANGED, client.address
        audit(session, actor, done, person_id=person_id, client_address=where)
        forget_wrong_codes(session, person_id)
        token = _begin_session(
            session, actor, person_id, client, "new password", by_provider=by_provider
        )
    identity.forget_person(person_id)
    return token


def _use_link(actor: Actor, link: str, hashed: str, client: Client) -> Entry:
    person_id = invitations.use_link(actor, link, hashed, client.address)
    with write_transaction(QUICK) as session:
        entry = _begin(session, actor, person_id, client)
        forget_wrong_codes(session, person_id)
    sessions.forget_own(actor)
    return entry


def _begin(session: Session, actor: Actor, person_id: int, client: Client) -> Entry:
    """Begins a session, or a sign-in that waits for a code if the person has a second factor."""
    stored.lock_person(session, person_id)
    if second_factors.is_confirmed(session, person_id):
        return Entry(add_step(session, actor, person_id), needs_code=True)
    return Entry(_begin_session(session, actor, person_id, client), needs_code=False)


def _begin_session(
    session: Session,
    actor: Actor,
    person_id: int,
    client: Client,
    detail: str = "",
    *,
    by_provider: bool = False,
) -> str:
    try:
        return sessions.add_session(
            session, actor, person_id, *client, detail=detail, by_provider=by_provider
        )
    except PersonNotFoundError:  # deactivated since the password was compared
        raise WrongCredentialsError from None


def _require_same_password(session: Session, attempt: _Attempt) -> None:
    """Locks the password, which a link may have replaced since it was compared."""
    credential = stored.lock_credential(session, attempt.login.person_id)
    if credential is None or credential.password_hash != attempt.login.password_hash:
        raise WrongCredentialsError
