"""A person's second factor: set up, new recovery codes, and its end.

The secret is stored as it is: see docs/security.md and decision 0028. Whatever changes takes the
lock of the person, and ends their other sessions.
"""

from functools import partial
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts, second_factors
from ticket_app.data.people import sessions as stored_sessions
from ticket_app.data.people.tables import Person
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import (
    PersonNotFoundError,
    SecondFactorError,
    TicketAppError,
    WrongCodeError,
)
from ticket_app.services.people import identity
from ticket_app.services.people.audit import audit, audit_own
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.signing_in.code_step import ENTERING
from ticket_app.services.people.signing_in.codes import check_code, forget_wrong_codes
from ticket_app.services.people.signing_in.sign_in import require_own_password
from ticket_app.services.people.signing_in.totp import (
    new_recovery_codes,
    new_secret,
    qr_code,
    read_code,
    step_of,
)
from ticket_app.services.people.tokens import digest
from ticket_app.settings import get_settings
from ticket_app.vocabulary import AuditAction

NOT_SET = "You have no second factor. Set one up first."
ALREADY_SET = "You have a second factor already. Turn it off first."
NOT_BEGUN = "This set-up has ended. Begin it again."
OWN = "Turn your own second factor off on the page of your account."


class FactorStatus(NamedTuple):
    """A person's second factor, for themselves. `is_needed` tells that their role needs one,
    `has_password` that setting one up asks for the password."""

    is_set: bool
    is_needed: bool
    codes_left: int
    has_password: bool


class NewFactor(NamedTuple):
    """A secret for an authenticator app, and a picture of it. It counts once a code confirms it."""

    secret: str
    qr_code: str


def own_factor(actor: Actor) -> FactorStatus:
    """Returns whether the person who acts has a second factor."""
    require(actor, Verb.SET_UP_FACTOR)
    person_id = _own_id(actor)
    with read_transaction(QUICK) as session:
        person = _existing(accounts.find_person(session, person_id), person_id)
        return FactorStatus(
            second_factors.is_confirmed(session, person_id),
            person.role in get_settings().require_second_factor,
            second_factors.count_codes(session, person_id),
            accounts.find_credential(session, person_id) is not None,
        )


async def begin_factor(
    actor: Actor, issuer: str, password: str, client_address: str, user_agent: str
) -> NewFactor:
    """Makes a secret, in place of one that was not confirmed. `issuer` names the desk in the app.

    Whoever has a password proves it: a stolen session could lock its owner out otherwise. Raises
    what `sign_in` raises for a wrong one, and SecondFactorError if the person who acts has a second
    factor.
    """
    require(actor, Verb.SET_UP_FACTOR)
    if (await ENTERING.do(partial(own_factor, actor))).has_password:
        await require_own_password(actor, password, client_address, user_agent)
    return await ENTERING.do(partial(_begin, actor, issuer))


def _begin(actor: Actor, issuer: str) -> NewFactor:
    person_id, secret = _own_id(actor), new_secret()
    with write_transaction(QUICK) as session:
        person = _existing(accounts.lock_person(session, person_id), person_id)
        if second_factors.is_confirmed(session, person_id):
            raise SecondFactorError(ALREADY_SET)
        second_factors.begin(session, person_id, secret, actor.at)
        account = person.email or person.name
    return NewFactor(secret, qr_code(secret, account, issuer))


def confirm_factor(actor: Actor, code: str) -> list[str]:
    """Lets the secret count if this is a code of it; returns the recovery codes.

    The other sessions of the person end. Raises WrongCodeError, and SecondFactorError if nothing
    waits to be confirmed.
    """
    require(actor, Verb.SET_UP_FACTOR)
    person_id = _own_id(actor)
    with write_transaction(QUICK) as session:
        accounts.lock_person(session, person_id)
        factor = second_factors.find(session, person_id)
        if factor is None or factor.is_confirmed:
            raise SecondFactorError(NOT_BEGUN if factor is None else ALREADY_SET)
        typed = read_code(code).code
        step = None if typed is None else step_of(factor.secret, typed, actor.at)
        if step is None:
            raise WrongCodeError
        second_factors.use_step(session, person_id, step)
        second_factors.confirm(session, person_id, actor.at)
        codes = _new_codes(session, actor, person_id)
        audit_own(session, actor, AuditAction.SECOND_FACTOR_SET, person_id)
    identity.forget_person(person_id)
    return codes


async def renew_codes(actor: Actor, proof: str, client_address: str, user_agent: str) -> list[str]:
    """Returns new recovery codes; the old ones end, and the other sessions of the person.

    `proof` is a code or the password. Raises what `sign_in` and `enter_code` raise for a wrong one,
    and SecondFactorError without a second factor.
    """
    require(actor, Verb.SET_UP_FACTOR)
    await _require_proof(actor, proof, client_address, user_agent)
    codes = await ENTERING.do(partial(_renew, actor))
    identity.forget_person(_own_id(actor))
    return codes


async def turn_off(actor: Actor, proof: str, client_address: str, user_agent: str) -> None:
    """Removes the second factor of the person who acts, as `renew_codes` makes new codes."""
    require(actor, Verb.SET_UP_FACTOR)
    await _require_proof(actor, proof, client_address, user_agent)
    await ENTERING.do(partial(_turn_off, actor))
    identity.forget_person(_own_id(actor))


def remove_factor(actor: Actor, person_id: int) -> bool:
    """Removes the second factor of another person and ends their sessions; returns False if there
    was none. Raises PersonNotFoundError, and SecondFactorError for one's own."""
    require(actor, Verb.MANAGE_PEOPLE)
    if person_id == actor.identity.person_id:
        raise SecondFactorError(OWN)
    with write_transaction(QUICK) as session:
        _existing(accounts.lock_person(session, person_id), person_id)
        if was_set := second_factors.is_confirmed(session, person_id):
            _remove(session, actor, person_id)
    identity.forget_person(person_id)
    return was_set


async def _require_proof(actor: Actor, proof: str, client_address: str, user_agent: str) -> None:
    if await ENTERING.do(partial(_is_code, actor, proof)):
        await ENTERING.do(partial(_require_code, actor, proof, client_address))
    else:
        await require_own_password(actor, proof, client_address, user_agent)


def _is_code(actor: Actor, proof: str) -> bool:
    """Returns False for what may be a password. Sixteen letters may be one, unless they are a
    recovery code that the person has; six digits are too few."""
    code, recovery_code = read_code(proof)
    if recovery_code is None:
        return code is not None
    with read_transaction(QUICK) as session:
        return second_factors.has_code(session, _own_id(actor), digest(recovery_code))


def _require_code(actor: Actor, code: str, client_address: str) -> None:
    person_id = _own_id(actor)
    with write_transaction(QUICK) as session:
        accounts.lock_person(session, person_id)
        refusal: TicketAppError | None = check_code(session, actor, person_id, code, client_address)
    if refusal is not None:  # raised here, so that its count is kept
        raise refusal


def _renew(actor: Actor) -> list[str]:
    person_id = _own_id(actor)
    with write_transaction(QUICK) as session:
        _lock_with_factor(session, person_id)
        audit_own(session, actor, AuditAction.RECOVERY_CODES_MADE, person_id)
        return _new_codes(session, actor, person_id)


def _turn_off(actor: Actor) -> None:
    person_id = _own_id(actor)
    with write_transaction(QUICK) as session:
        _lock_with_factor(session, person_id)
        _remove(session, actor, person_id)


def _lock_with_factor(session: Session, person_id: int) -> None:
    accounts.lock_person(session, person_id)
    if not second_factors.is_confirmed(session, person_id):
        raise SecondFactorError(NOT_SET)


def _new_codes(session: Session, actor: Actor, person_id: int) -> list[str]:
    codes = new_recovery_codes()
    keys = [digest(read_code(each).recovery_code or "") for each in codes]
    second_factors.set_codes(session, person_id, keys)
    stored_sessions.remove_all(session, person_id, but=actor.identity.session_key)
    return codes


def _remove(session: Session, actor: Actor, person_id: int) -> None:
    own = actor.identity.session_key if person_id == actor.identity.person_id else None
    second_factors.remove(session, person_id)
    stored_sessions.remove_all(session, person_id, but=own)
    forget_wrong_codes(session, person_id)
    audit(session, actor, AuditAction.SECOND_FACTOR_REMOVED, person_id=person_id)


def _existing(person: Person | None, person_id: int) -> Person:
    if person is None:
        raise PersonNotFoundError(person_id)
    return person


def _own_id(actor: Actor) -> int:
    if actor.identity.person_id is None:
        raise RuntimeError("only a person who has signed in may have a second factor")
    return actor.identity.person_id
