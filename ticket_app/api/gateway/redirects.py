"""Redirects to pages of this desk."""

from urllib.parse import parse_qs, quote, urlencode, urlsplit

from starlette.responses import Response
from starlette.types import Scope

NEXT_MAX = 2_000
"""Characters of the address to which a sign-in returns. Longer ones are forgotten."""


def see_other(path: str, **query: str) -> Response:
    """Return a redirect to a page, which the browser reads by GET. Empty values are left out."""
    shown = urlencode({name: value for name, value in query.items() if value})
    location = f"{path}?{shown}" if shown else path
    return Response(status_code=303, headers={"Location": location, "Cache-Control": "no-store"})


def address_of(scope: Scope) -> str:
    """Return path and query of a request, in ASCII."""
    query = scope["query_string"].decode("latin-1")
    return quote(scope["path"]) + (f"?{query}" if query else "")


def wanted_page(scope: Scope, given: str) -> str:
    """Return the page of this desk to which a sign-in leads, or "".

    Its form gives it, or else the address of the form's page, whose scripts may not have come yet.
    """
    return own_path(given) or own_path(_next_of_referer(scope))


def _next_of_referer(scope: Scope) -> str:
    said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"referer"]
    if len(said) != 1 or len(said[0]) > 2 * NEXT_MAX:
        return ""
    try:
        address = urlsplit(said[0])
    except ValueError:
        return ""
    is_sign_in = address.path.startswith("/sign-in")
    return parse_qs(address.query).get("next", [""])[0] if is_sign_in else ""


def own_path(text: str) -> str:
    """Return the text if it is a path of this desk, with or without a query; else "".

    A browser takes `//` and `/\\` for another host, and drops control characters before it looks.
    """
    is_path = text.startswith("/") and not text.startswith("//") and "\\" not in text
    is_plain = text.isascii() and text.isprintable() and len(text) <= NEXT_MAX
    return text if is_path and is_plain else ""
