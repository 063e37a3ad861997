"""The forms of sign-in, sign-out and passwords: parse, call one service, redirect to a page."""

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from starlette.types import Scope

from ticket_app.actor import OPEN_DESK
from ticket_app.api.gateway.redirects import see_other, wanted_page
from ticket_app.api.paths import CODE, OWN_PASSWORD, PASSWORD, SIGN_IN, SIGN_OUT
from ticket_app.api.people.client import client_of
from ticket_app.api.people.failure_log import log_failure
from ticket_app.api.people.single_sign_on import leave_provider
from ticket_app.api.recognition import actor_of
from ticket_app.api.session_cookie import (
    cookie_token,
    delete_session,
    delete_step,
    set_session,
    set_step,
)
from ticket_app.errors import (
    AccountLinkError,
    BusyError,
    DatabaseUnavailableError,
    FieldProblem,
    InvalidInputError,
    PersonNotFoundError,
    SignInStepError,
    TicketAppError,
    TooManyAttemptsError,
    TooManyRequestsError,
    WrongCodeError,
    WrongCredentialsError,
)
from ticket_app.services.people import sessions
from ticket_app.services.people.signing_in.code_step import enter_code
from ticket_app.services.people.signing_in.sign_in import (
    Entry,
    change_password,
    set_password,
    sign_in,
)
from ticket_app.services.people.signing_in.single_sign_on import began_by_provider
from ticket_app.services.people.tokens import STEP_COOKIE, TOKEN_LENGTHS
from ticket_app.services.threads import run

FIELDS_MAX = 8
PROBLEMS: dict[type[TicketAppError], str] = {
    WrongCredentialsError: "wrong",
    WrongCodeError: "code",
    TooManyAttemptsError: "wait",
    TooManyRequestsError: "often",
    InvalidInputError: "weak",
    AccountLinkError: "ended",
    PersonNotFoundError: "ended",
    BusyError: "busy",
    DatabaseUnavailableError: "busy",
}
"""What the address of a page says of an error. The page has the sentence."""

router = APIRouter(include_in_schema=False)


@router.post(SIGN_IN)
async def post_sign_in(request: Request) -> Response:
    """Begin a session, or ask for a code, and go where the person wanted to go."""
    form = await _form(request)
    wanted = wanted_page(request.scope, form.get("next", ""))
    email, password = form.get("email", ""), form.get("password", "")
    try:
        actor = actor_of(request)
        if actor.identity == OPEN_DESK:
            return see_other("/")
        entry = await sign_in(actor, email, password, *client_of(request.scope))
    except tuple(PROBLEMS) as error:
        log_failure(error, "sign-in", client_of(request.scope)[0])
        return see_other("/sign-in", problem=PROBLEMS[type(error)], next=wanted)
    return _entered(request.scope, entry, wanted)


@router.post(CODE)
async def post_code(request: Request) -> Response:
    """Begin the session of a sign-in that waits for a code."""
    form = await _form(request)
    wanted = wanted_page(request.scope, form.get("next", ""))
    step = cookie_token(request.scope, STEP_COOKIE) or ""
    try:
        actor = actor_of(request)
        if actor.identity == OPEN_DESK:
            return see_other("/")
        code = form.get("code", "")
        token = await enter_code(actor, step, code, *client_of(request.scope))
    except SignInStepError:
        response = see_other("/sign-in", problem="over", next=wanted)
    except tuple(PROBLEMS) as error:
        log_failure(error, "code", client_of(request.scope)[0])
        return see_other("/sign-in/code", problem=PROBLEMS[type(error)], next=wanted)
    else:
        response = see_other(wanted or "/")
        set_session(response, request.scope, token)
    delete_step(response, request.scope)
    return response


@router.post(SIGN_OUT)
async def post_sign_out(request: Request) -> Response:
    """End the session, and clear what its pages have stored in the browser.

    Whoever signed in by a provider goes on to the end of the session there.
    The browser loses its cookie also if the session cannot be ended now, because whoever comes next
    may be somebody else. The page then says what is left to do.
    """
    try:
        actor = actor_of(request)
        by_provider = await run(actor, began_by_provider)
        await run(actor, sessions.end_own)
    except (BusyError, DatabaseUnavailableError):
        response = see_other("/sign-in", problem="kept")
    else:
        left = await leave_provider(request.app) if by_provider else None
        response = left or see_other("/sign-in")
    response.headers["Clear-Site-Data"] = '"storage"'
    delete_session(response, request.scope)
    return response


@router.post(PASSWORD)
async def post_password(request: Request) -> Response:
    """Set the password of a link's person, and begin a session, or ask for a code."""
    form = await _form(request)
    link, password = form.get("token", ""), form.get("password", "")
    try:
        entry = await set_password(actor_of(request), link, password, *client_of(request.scope))
    except tuple(PROBLEMS) as error:
        return see_other("/welcome", token=_shown_token(link), problem=PROBLEMS[type(error)])
    return _entered(request.scope, entry, "")


@router.post(OWN_PASSWORD)
async def post_own_password(request: Request) -> Response:
    """Change one's own password, and begin a new session. All others end."""
    form = await _form(request)
    current, password = form.get("current", ""), form.get("password", "")
    try:
        actor = actor_of(request)
        if actor.identity == OPEN_DESK:
            return see_other("/")
        if actor.identity.role is None:
            return see_other("/sign-in", next="/account")
        token = await change_password(actor, current, password, *client_of(request.scope))
    except tuple(PROBLEMS) as error:
        log_failure(error, "change of a password", client_of(request.scope)[0])
        return see_other("/account", problem=PROBLEMS[type(error)])
    response = see_other("/account?done=password")
    set_session(response, request.scope, token)
    return response


def _shown_token(text: str) -> str:
    """Return the token of a link for the address of its page; "" if it is none of the desk's."""
    return text if len(text) in TOKEN_LENGTHS and text.isascii() else ""


def _entered(scope: Scope, entry: Entry, wanted: str) -> Response:
    if entry.needs_code:
        response = see_other("/sign-in/code", next=wanted)
        set_step(response, scope, entry.token)
        return response
    response = see_other(wanted or "/")
    set_session(response, scope, entry.token)
    return response


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form. InvalidInputError for too many fields, or one field twice."""
    body = (await request.body()).decode()
    try:
        fields = parse_qsl(body, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise InvalidInputError([FieldProblem("form", "Send fewer fields.")]) from None
    if len(form := dict(fields)) < len(fields):
        raise InvalidInputError([FieldProblem("form", "Send each field once.")])
    return form
