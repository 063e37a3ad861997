"""Checks of the Host and Origin headers."""

import re
from collections.abc import Collection
from typing import NamedTuple

from starlette.types import Scope

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]@/]+)(:\d*)?")
READING = ("GET", "HEAD", "OPTIONS")
"""Methods allowed to pages of any site: they change nothing, and browsers withhold the response."""
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class RequestOrigin(NamedTuple):
    """The Host and Origin headers of a request; empty if absent."""

    host: str
    origin: str


def request_origin(scope: Scope) -> RequestOrigin:
    """Return Host and Origin. Two different values make a value that is never allowed."""
    return RequestOrigin(_only(scope, b"host"), _only(scope, b"origin"))


def host_is_allowed(host: str, allowed: Collection[str]) -> bool:
    """Return True if the name in a Host header is one of `allowed`, or if "*" is."""
    return "*" in allowed or host_name(host) in allowed


def host_name(host: str) -> str:
    """Return the name in a Host header: lower case, without port, an IPv6 address in brackets."""
    parts = HOST.fullmatch(host.strip().lower())
    return parts["name"].removesuffix(".") if parts else ""


def origin_is_allowed(who: RequestOrigin, allowed: Collection[str]) -> bool:
    """Return True for requests of our own pages, of an origin in `allowed`, and without an Origin.

    A request without an Origin comes from no page. The scheme of our own origin is not compared:
    behind a proxy that terminates TLS the page has https where we see http. A default port is
    optional: browsers omit it in an Origin, and some proxies add it to the Host.
    """
    if not who.origin or _is_ours(who):
        return True
    return plain_origin(who.origin) in map(plain_origin, allowed)


def is_of_own_page(scope: Scope) -> bool:
    """Return True if the browser says that a page of this desk has sent the request.

    An Origin decides if there is one. Pages of ALLOWED_ORIGINS are not the desk's own.
    """
    who = request_origin(scope)
    if who.origin:
        return _is_ours(who)
    return _only(scope, b"sec-fetch-site") == "same-origin"


def _is_ours(who: RequestOrigin) -> bool:
    origin = plain_origin(who.origin)
    return any(origin == plain_origin(f"{scheme}://{who.host}") for scheme in DEFAULT_PORTS)


def plain_origin(origin: str) -> str:
    """Return an origin as a browser writes it: lower case, without the default port."""
    origin = origin.lower()
    return origin.removesuffix(DEFAULT_PORTS.get(origin.partition("://")[0], ""))


def _only(scope: Scope, name: bytes) -> str:
    values = {value for key, value in scope["headers"] if key == name}
    return values.pop().decode("latin-1") if len(values) == 1 else "," * len(values)
