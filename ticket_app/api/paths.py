"""Addresses: with and without a trailing slash, and of the next page of a list."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

WITHOUT_SLASH = ("/api/docs", "/api/openapi.json")
HEALTH = "/api/health/"
LINKED = "/api/linked/"
"""The beginning of the addresses of files for the holders of signed links."""
FORMS = SIGN_IN, CODE, SIGN_OUT, PASSWORD, OWN_PASSWORD = (
    "/api/sign-in/",
    "/api/sign-in/code/",
    "/api/sign-out/",
    "/api/password/",
    "/api/account/password/",
)
"""The addresses of the forms of pages. They take what a browser sends for a form, and redirect."""
LISTED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Link": {
                "description": "Where the next page is, if there is one.",
                "schema": {"type": "string"},
            },
        }
    }
}
"""The header of a page of a list, for the OpenAPI document."""


def link_to_next(
    request: Request, place: str | int | None, parameter: str = "cursor"
) -> dict[str, str]:
    """Return the header with the address of the next page, which begins behind this place; empty
    for none."""
    if place is None:
        return {}
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != parameter]
    target = f"{request.scope['path']}?{urlencode([*kept, (parameter, place)])}"
    return {"Link": f'<{target}>; rel="next"'}


SINGLE_SIGN_ON, CALLBACK = "/api/sign-in/oidc/", "/api/sign-in/oidc/callback/"
"""The addresses by which a browser goes to the provider of OpenID Connect, and comes back."""
SIGNING_IN = frozenset({*FORMS, SINGLE_SIGN_ON, CALLBACK})
"""The addresses that need no sign-in, and answer by a redirect to a page whatever happens."""


class TrailingSlash:
    """ASGI middleware that adds the trailing slash of all routes except WITHOUT_SLASH."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the canonical path."""
        if scope["type"] == "http":
            scope = {**scope, "path": _canonical(scope["path"])}
        await self.app(scope, receive, send)


def _canonical(path: str) -> str:
    bare = path.removesuffix("/")
    return bare if bare.startswith(WITHOUT_SLASH) else f"{bare}/"
