"""Checks a code of a second factor, once, and bounds wrong ones.

An attacker who knows a password has few tries a day, wherever they come from. A client from which
the person is signed in has tries of its own, so that nobody can lock the person out there.
"""

from enum import Enum, auto
from typing import Any

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.people import failures, second_factors
from ticket_app.data.people import sessions as stored_sessions
from ticket_app.errors import TicketAppError, TooManyAttemptsError, WrongCodeError
from ticket_app.services.people import sessions
from ticket_app.services.people.audit import audit
from ticket_app.services.people.signing_in import lockout
from ticket_app.services.people.signing_in.totp import read_code, step_of
from ticket_app.services.people.tokens import digest
from ticket_app.vocabulary import AuditAction


class _Kind(Enum):
    """What a person has typed that is worth something."""

    CODE = auto()
    RECOVERY_CODE = auto()


def check_code(
    session: Session, actor: Actor, person_id: int, typed: str, client_address: str
) -> TicketAppError | None:
    """Uses up a code of the person; returns why it is refused, or None.

    The caller holds the lock of the person, and commits: a wrong code is counted. The answer is
    WrongCodeError, or TooManyAttemptsError if too many were wrong.
    """
    is_known = stored_sessions.has_session_from(
        session, person_id, sessions.shown_address(client_address), actor.at
    )
    subjects = lockout.subjects_of_codes(person_id, client_address if is_known else "")
    try:
        lockout.require_attempt_left(session, subjects, actor.at)
    except TooManyAttemptsError as error:
        return error
    about: dict[str, Any] = {"person_id": person_id, "client_address": client_address}
    match _used_up(session, actor, person_id, typed):
        case _Kind.CODE:
            return None
        case _Kind.RECOVERY_CODE:
            audit(session, actor, AuditAction.RECOVERY_CODE_USED, **about)
            return None
    is_last = lockout.count_attempt(session, subjects, actor.at)
    why = "wrong code, locked out" if is_last else "wrong code"
    audit(session, actor, AuditAction.SECOND_FACTOR_FAILED, detail=why, **about)
    return WrongCodeError()


def forget_wrong_codes(session: Session, person_id: int) -> None:
    """Lets the person type codes again: whoever knew the former password knows none now."""
    for key in lockout.subjects_of_codes(person_id, "").limits:
        failures.clear(session, key)


def _used_up(session: Session, actor: Actor, person_id: int, typed: str) -> _Kind | None:
    """Uses up what was typed; returns its kind, or None if it is worth nothing."""
    factor = second_factors.find(session, person_id)
    if factor is None or not factor.is_confirmed:
        return None
    code, recovery_code = read_code(typed)
    if recovery_code is not None:
        key = digest(recovery_code)
        if not second_factors.has_code(session, person_id, key):
            return None
        second_factors.remove_code(session, key)
        return _Kind.RECOVERY_CODE
    step = None if code is None else step_of(factor.secret, code, actor.at)
    if step is None or step <= factor.last_step:
        return None
    second_factors.use_step(session, person_id, step)
    return _Kind.CODE
