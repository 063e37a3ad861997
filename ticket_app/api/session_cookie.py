"""The cookie of a session: set at a sign-in, deleted at a sign-out, invisible to scripts.

Over TLS it has another name, with a prefix by which browsers take it from this host alone.
A sign-in that waits for a code has a cookie of its own, which browsers send to no page and to no
other address than those of the sign-in.
"""

from starlette.responses import Response
from starlette.types import Scope

from ticket_app.api.limits.client_address import is_from_trusted_proxy
from ticket_app.services.people.sessions import LIFETIME
from ticket_app.services.people.signing_in import code_step
from ticket_app.services.people.tokens import COOKIE, COOKIE_OVER_TLS, STEP_COOKIE, token_in
from ticket_app.settings import get_settings

STEP_PATH = "/api/sign-in"
SECONDS = int(LIFETIME.total_seconds())
ENCRYPTED = ("https", "wss")
"""The schemes with TLS. Some proxies name that of a websocket."""


def set_session(response: Response, scope: Scope, token: str) -> None:
    """Give the browser the token of its session. Over https the cookie stays on https."""
    secure = is_secure(scope)
    response.set_cookie(
        _name(secure=secure), token, max_age=SECONDS, httponly=True, samesite="lax", secure=secure
    )


def delete_session(response: Response, scope: Scope) -> None:
    """Take the token from the browser."""
    secure = is_secure(scope)
    response.delete_cookie(_name(secure=secure), httponly=True, samesite="lax", secure=secure)


def session_token(scope: Scope) -> str | None:
    """Return the token of the session of a request.

    Over TLS only the cookie counts that no other host can have set.
    """
    token = cookie_token(scope, COOKIE_OVER_TLS)
    return token if token or is_secure(scope) else cookie_token(scope, COOKIE)


def cookie_token(scope: Scope, cookie: str) -> str | None:
    """Return the token in a cookie of a request."""
    said = [value for name, value in scope["headers"] if name == b"cookie"]
    return token_in(b"; ".join(said).decode("latin-1"), cookie)


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


def _name(*, secure: bool) -> str:
    return COOKIE_OVER_TLS if secure else COOKIE


def is_secure(scope: Scope) -> bool:
    """Return True if the browser's request came by https, or the desk's own address is one."""
    settings = get_settings()
    if scope.get("scheme") in ENCRYPTED or (settings.desk_url or "").startswith("https:"):
        return True
    if not is_from_trusted_proxy(scope, settings.trusted_proxies):
        return False
    said = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
    return len(said) == 1 and said[0].strip().lower().decode("latin-1") in ENCRYPTED
