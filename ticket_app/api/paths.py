"""Addresses answer with and without their trailing slash, and without a redirect."""

from starlette.types import ASGIApp, Receive, Scope, Send

WITHOUT_SLASH = ("/api/docs", "/api/openapi.json")


class TrailingSlash:
    """ASGI middleware: routes are written with a trailing slash, except the documents'."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under the one spelling that the routes know."""
        if scope["type"] == "http":
            scope = {**scope, "path": _canonical(scope["path"])}
        await self.app(scope, receive, send)


def _canonical(path: str) -> str:
    bare = path.removesuffix("/")
    return bare if bare.startswith(WITHOUT_SLASH) else f"{bare}/"
