"""The cookie of a session: set at a sign-in, deleted at a sign-out, invisible to scripts.

A sign-in that waits for a code has a cookie of its own, which browsers send to no page and to no
other address than those of the sign-in.
"""

from starlette.responses import Response
from starlette.types import Scope

from ticket_app.api.limits.client_address import is_from_trusted_proxy
from ticket_app.services.people.sessions import LIFETIME
from ticket_app.services.people.signing_in import code_step
from ticket_app.services.people.tokens import COOKIE, STEP_COOKIE
from ticket_app.settings import get_settings

STEP_PATH = "/api/sign-in"
SECONDS = int(LIFETIME.total_seconds())


def set_session(response: Response, scope: Scope, token: str) -> None:
    """Give the browser the token of its session. Over https the cookie stays on https."""
    response.set_cookie(
        COOKIE, token, max_age=SECONDS, httponly=True, samesite="lax", secure=is_secure(scope)
    )


def delete_session(response: Response, scope: Scope) -> None:
    """Take the token from the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=is_secure(scope))


def set_step(response: Response, scope: Scope, token: str) -> None:
    """Give the browser the token of a sign-in that waits for a code."""
    response.set_cookie(
        STEP_COOKIE,
        token,
        path=STEP_PATH,
        max_age=int(code_step.LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=is_secure(scope),
    )


def delete_step(response: Response, scope: Scope) -> None:
    """Take that token from the browser."""
    response.delete_cookie(
        STEP_COOKIE, path=STEP_PATH, httponly=True, samesite="strict", secure=is_secure(scope)
    )


def is_secure(scope: Scope) -> bool:
    """Return True if the browser's request came by https, or the desk's own address is one."""
    settings = get_settings()
    if scope.get("scheme") == "https" or (settings.desk_url or "").startswith("https:"):
        return True
    if not is_from_trusted_proxy(scope, settings.trusted_proxies):
        return False
    said = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
    return [value.strip().lower() for value in said] == [b"https"]
