"""The second step of a sign-in: a right password waits for a code of the person's second factor.

It waits as a row of its own table, and its token is in a cookie of its own. So no request, page or
websocket can take it for a session.
"""

from datetime import timedelta
from functools import partial
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts as stored
from ticket_app.data.people import second_factors, sign_in_steps
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import PersonNotFoundError, SignInStepError, TicketAppError, WrongCodeError
from ticket_app.services.bulkhead import Bulkhead
from ticket_app.services.people import sessions
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.signing_in.client import Client
from ticket_app.services.people.signing_in.codes import check_code
from ticket_app.services.people.tokens import TOKEN_LENGTHS, digest, new_token

LIFETIME = timedelta(minutes=5)
WRONG_MAX = 5
"""Wrong codes of one sign-in. The password is asked for again after them."""
OF_PERSON_MAX = 10
"""Sign-ins of one person that wait at a time. The oldest one ends."""
EXPIRED_AT_ONCE = 500
BY_CODE = "with a second factor"
"""What the audit says of such a sign-in."""
ENTERING = Bulkhead("codes", 2)
"""The statements of codes, which wait for the lock of their person."""


class _Step(NamedTuple):
    """A sign-in that waits, and its person."""

    key: str
    person_id: int


def add_step(session: Session, actor: Actor, person_id: int) -> str:
    """Adds a sign-in that waits for a code; returns its token, for its cookie.

    The caller has compared the password.
    """
    token = new_token()
    expires_at = actor.at + LIFETIME
    sign_in_steps.keep_newest(session, person_id, most=OF_PERSON_MAX - 1)
    sign_in_steps.add(session, digest(token), person_id, actor.at, expires_at)
    return token


async def enter_code(
    actor: Actor, step: str, code: str, client_address: str, user_agent: str
) -> str:
    """Begins the session of a sign-in that waited, and returns its token.

    Raises SignInStepError, WrongCodeError, TooManyAttemptsError, and BusyError or
    DatabaseUnavailableError if nothing was decided.
    """
    client = Client(client_address, user_agent)
    return await ENTERING.do(partial(_enter, actor, step, code, client))


def expire_steps(actor: Actor) -> bool:
    """Deletes up to EXPIRED_AT_ONCE sign-ins that waited in vain; returns True if more may
    exist."""
    require(actor, Verb.OPERATE)
    with write_transaction() as session:
        done = sign_in_steps.remove_expired(session, actor.at, limit=EXPIRED_AT_ONCE)
    return done == EXPIRED_AT_ONCE


def _enter(actor: Actor, step: str, code: str, client: Client) -> str:
    key = digest(step) if len(step) in TOKEN_LENGTHS else ""
    # Looked up before anything is locked, so that strangers hold nobody up.
    with read_transaction(QUICK) as session:
        person_id = sign_in_steps.person_of(session, key, actor.at)
    if person_id is None:
        raise SignInStepError
    with write_transaction(QUICK) as session:
        token = _token_or_refusal(session, actor, _Step(key, person_id), code, client)
    if isinstance(token, TicketAppError):  # raised here, so that its count is kept
        raise token
    sessions.forget_own(actor)
    return token


def _token_or_refusal(
    session: Session, actor: Actor, step: _Step, code: str, client: Client
) -> str | TicketAppError:
    key, person_id = step
    stored.lock_person(session, person_id)
    is_over = sign_in_steps.person_of(session, key, actor.at) is None
    if is_over or not second_factors.is_confirmed(session, person_id):
        return SignInStepError()
    if refusal := check_code(session, actor, person_id, code, client.address):
        if isinstance(refusal, WrongCodeError):
            return _counted(session, key, refusal)
        return refusal
    sign_in_steps.remove(session, key)
    try:
        address, agent = client
        return sessions.add_session(session, actor, person_id, address, agent, detail=BY_CODE)
    except PersonNotFoundError:  # deactivated meanwhile
        return SignInStepError()


def _counted(session: Session, key: str, refusal: WrongCodeError) -> TicketAppError:
    if sign_in_steps.count_failure(session, key) < WRONG_MAX:
        return refusal
    sign_in_steps.remove(session, key)
    return SignInStepError()
