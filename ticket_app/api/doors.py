"""Who may come in: the Host that a request names and the Origin that a page comes from."""

import re
from collections.abc import Collection
from typing import NamedTuple

from starlette.types import Scope

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]@/]+)(:\d*)?")


class Caller(NamedTuple):
    """What a request says about where it goes and where it comes from. Empty means not said."""

    host: str
    origin: str


def caller(scope: Scope) -> Caller:
    """Read Host and Origin; a request that names two different ones names none that is allowed."""
    return Caller(_only(scope, b"host"), _only(scope, b"origin"))


def host_is_allowed(host: str, allowed: Collection[str]) -> bool:
    """Whether the name in a Host header, without its port, is one of `allowed`; "*" is any."""
    return "*" in allowed or host_name(host) in allowed


def host_name(host: str) -> str:
    """The name in a Host header: lower case, without port, an IPv6 address in its brackets."""
    parts = HOST.fullmatch(host.strip().lower())
    return parts["name"].removesuffix(".") if parts else ""


def origin_is_allowed(who: Caller, allowed: Collection[str]) -> bool:
    """Whether a page of this Origin may talk to us: our own pages, and those named in `allowed`.

    A request without an Origin comes from no page. The scheme of our own origin is not compared:
    behind a proxy that ends TLS the page says https where we see http.
    """
    if not who.origin:
        return True
    origin, host = who.origin.lower(), who.host.lower()
    ours = (f"http://{host}", f"https://{host}")
    return origin in ours or origin in {each.lower() for each in allowed}


def _only(scope: Scope, name: bytes) -> str:
    values = {value for key, value in scope["headers"] if key == name}
    return values.pop().decode("latin-1") if len(values) == 1 else "," * len(values)
