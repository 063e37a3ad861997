"""Admission to REST: who may send a request at all, before its body is read.

What an actor may do is decided by the services.
"""

import asyncio
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from ticket_app.actor import NOBODY, Identity
from ticket_app.api.gateway.origins import is_of_own_page
from ticket_app.api.paths import FORMS, HEALTH, LINKED, SIGNING_IN
from ticket_app.api.problems import problem, problem_of
from ticket_app.api.recognition import recognise_client
from ticket_app.errors import (
    BusyError,
    DatabaseUnavailableError,
    SecondFactorRequiredError,
    SignInRequiredError,
    TicketAppError,
)

SECONDS_FOR_HEALTH = 0.5
"""A health check waits for its identity so long. Then it is answered as that of nobody."""


class RestAdmission:
    """ASGI middleware that sets `scope["identity"]`, and refuses whoever has to sign in first.

    Health, the files of signed links and the single sign-on are for everyone, and so are the forms,
    if a page of this desk has sent them. The other addresses need a sign-in once the desk has
    accounts, also those that do not exist.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its identity, or answer 401 or 403."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path in FORMS and scope["method"] == "POST" and not is_of_own_page(scope):
            refusal = problem(
                HTTPStatus.FORBIDDEN,
                "origin_not_allowed",
                "This form counts only if a page of this desk has sent it. Open the page of the "
                "desk, and send it there.",
                headers=_closing(scope),
            )
            await refusal(scope, receive, send)
            return
        try:
            identity = await (_for_page(scope) if path in SIGNING_IN else _admitted(scope))
        except TicketAppError as error:
            await problem_of(error, _closing(scope))(scope, receive, send)
        else:
            await self.app({**scope, "identity": identity}, receive, send)


async def _admitted(scope: Scope) -> Identity:
    """Return the identity. TicketAppError for whoever has to sign in first."""
    if scope["path"].startswith(LINKED):
        return NOBODY  # the key of the link in the address says who it is
    if scope["path"] == HEALTH:
        return await _for_health(scope)
    identity = await recognise_client(scope)
    if identity.awaits_factor:
        raise SecondFactorRequiredError
    if identity.role is None:
        raise SignInRequiredError
    return identity


async def _for_page(scope: Scope) -> Identity | TicketAppError:
    """Return the identity, or why it is not known now: the answer leads to a page in any case."""
    try:
        return await recognise_client(scope)
    except (BusyError, DatabaseUnavailableError) as error:
        return error


async def _for_health(scope: Scope) -> Identity:
    """Return the identity, or NOBODY if the database does not say it in time."""
    try:
        async with asyncio.timeout(SECONDS_FOR_HEALTH):
            return await recognise_client(scope)
    except (TimeoutError, TicketAppError):
        return NOBODY


def _closing(scope: Scope) -> dict[str, str]:
    """Return the header that ends the connection if a body is still coming, which nobody reads."""
    bodies = (b"content-length", b"transfer-encoding")
    coming = any(name in bodies and value != b"0" for name, value in scope["headers"])
    return {"Connection": "close"} if coming else {}
