"""Sign-in by a provider of OpenID Connect: to the provider, back from it, and out of both.

The browser comes back by a request of another site, so no Origin tells anything. Its own cookie
does: it holds the state, nonce and verifier of the one sign-in that this browser has begun.
"""

import asyncio
import hmac
from functools import partial
from html import escape
from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.responses import HTMLResponse
from starlette.types import Scope

from ticket_app.actor import OPEN_DESK, Actor
from ticket_app.api.gateway.redirects import own_path, see_other
from ticket_app.api.paths import CALLBACK, SINGLE_SIGN_ON
from ticket_app.api.people.client import client_of
from ticket_app.api.people.failure_log import log_failure
from ticket_app.api.recognition import actor_of
from ticket_app.api.session_cookie import is_secure, set_session
from ticket_app.errors import (
    BusyError,
    DatabaseUnavailableError,
    SignOnProblem,
    SingleSignOnError,
    TicketAppError,
    TooManyRequestsError,
)
from ticket_app.services.people.signing_in import sealed_flow
from ticket_app.services.people.signing_in.sign_in import SIGNING_IN
from ticket_app.services.people.signing_in.single_sign_on import enter, record_failure
from ticket_app.services.threads import run
from ticket_app.settings import SingleSignOn, get_settings

if TYPE_CHECKING:
    from ticket_app.api.people.identity_provider import Provider

COOKIE, COOKIE_OVER_TLS = "desk_sign_on", "__Host-desk_sign_on"
"""The cookie of a browser that is at the provider. Over TLS its name keeps out cookies that a
neighbouring host has set, by which somebody could make others sign in as themselves."""
PATH = SINGLE_SIGN_ON.rstrip("/")
FAILURES = (SingleSignOnError, TooManyRequestsError, BusyError, DatabaseUnavailableError)
DENIED = "access_denied"
LEAVING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Signed out</title>
<meta http-equiv="refresh" content="0; url={url}">
<p>You are signed out of the desk. <a href="{url}">Sign out of {name}, too</a></p></html>
"""
"""A page and no redirect: a form of the desk may not lead to another site, also not by one."""
NOTHING_ELSE = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

router = APIRouter(include_in_schema=False)


@router.get(SINGLE_SIGN_ON)
async def get_single_sign_on(request: Request) -> Response:
    """Send the browser to the provider."""
    provider = await provider_of(request.app)
    wanted = own_path(request.query_params.get("next", ""))
    try:
        actor = actor_of(request)
        if provider is None or actor.identity == OPEN_DESK:
            return see_other("/")
        leaving = await provider.begin(client_of(request.scope).address)
        sealed = await run(actor, sealed_flow.seal, leaving._asdict() | {"next": wanted})
    except FAILURES as error:
        return await _failed(error, request, wanted)
    response = see_other(leaving.url)
    _set_flow(response, request.scope, sealed)
    return response


@router.get(CALLBACK)
async def get_callback(request: Request) -> Response:
    """Begin a session for whom the provider has sent back, and go where the person wanted to go."""
    provider, wanted = await provider_of(request.app), ""
    try:
        actor = actor_of(request)
        if provider is None or actor.identity == OPEN_DESK:
            return see_other("/")
        flow = await run(actor, sealed_flow.unseal, _sealed(request))
        wanted = own_path(flow["next"]) if flow else ""
        token = await _entered(request, actor, provider, flow)
    except FAILURES as error:
        response = await _failed(error, request, wanted)
    else:
        response = see_other(wanted or "/")
        set_session(response, request.scope, token)
    _set_flow(response, request.scope, "")
    return response


async def leave_provider(app: FastAPI) -> Response | None:
    """Return the page that leads a browser to the end of its session at the provider.

    None if there is none: the provider is gone from the settings, has no such address, or does not
    answer.
    """
    provider = await provider_of(app)
    if provider is None:
        return None
    url = await provider.sign_out_address(f"{get_settings().desk_address}/sign-in")
    if url is None:
        return None
    page = LEAVING.format(url=escape(url), name=escape(provider.sso.name))
    return HTMLResponse(page, headers=NOTHING_ELSE)


async def provider_of(app: FastAPI) -> "Provider | None":
    """Return the provider of the settings for this application, or None without one."""
    sso = get_settings().single_sign_on
    if sso is None:
        return None
    known = getattr(app.state, "identity_provider", None)
    if known is None:
        known = app.state.identity_provider = await asyncio.to_thread(_make_provider, sso)
    return cast("Provider", known)


def _make_provider(sso: SingleSignOn) -> "Provider":
    # authlib takes 0.3 s and 12 MB, which a desk without a provider need not pay.
    from ticket_app.api.people.identity_provider import Provider  # noqa: PLC0415

    return Provider(sso, f"{get_settings().desk_address}{CALLBACK.rstrip('/')}")


def _sealed(request: Request) -> str:
    return request.cookies.get(_cookie(request.scope), "")


async def _entered(
    request: Request, actor: Actor, provider: "Provider", flow: dict[str, str] | None
) -> str:
    """Return the token of a new session for the code that the provider has sent."""
    query, client = request.query_params, client_of(request.scope)
    if query.get("error") == DENIED:
        raise SingleSignOnError(SignOnProblem.DENIED)
    state = query.get("state", "")
    if flow is None or not hmac.compare_digest(flow["state"].encode(), state.encode()):
        raise SingleSignOnError(SignOnProblem.STALE)
    if "error" in query:
        raise SingleSignOnError(SignOnProblem.NOT_BELIEVED)
    said = await provider.finish(
        client.address, query.get("code", ""), flow["nonce"], flow["code_verifier"]
    )
    return await SIGNING_IN.do(partial(enter, actor, provider.sso, said, *client))


async def _failed(error: TicketAppError, request: Request, wanted: str) -> Response:
    """Return the way to the page that says what went wrong, after it is in log and audit."""
    log_failure(error, "single sign-on", client_of(request.scope).address)
    problem = "often" if isinstance(error, TooManyRequestsError) else "busy"
    if isinstance(error, SingleSignOnError):
        problem = error.reason.value
        try:
            await SIGNING_IN.do(partial(record_failure, actor_of(request), error))
        except (BusyError, DatabaseUnavailableError):
            problem = "busy"
    return see_other("/sign-in", problem=problem, next=wanted)


def _cookie(scope: Scope) -> str:
    return COOKIE_OVER_TLS if is_secure(scope) else COOKIE


def _set_flow(response: Response, scope: Scope, sealed: str) -> None:
    """Let the browser keep a sign-in; "" lets it forget the one that it has."""
    secure = is_secure(scope)
    response.set_cookie(
        _cookie(scope),
        sealed,
        max_age=sealed_flow.FLOW_SECONDS if sealed else 0,
        path="/" if secure else PATH,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
