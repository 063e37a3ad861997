"""Who may come in: the Host that a request names and the Origin that a page comes from."""

import re
from collections.abc import Collection
from typing import NamedTuple

from starlette.types import Scope

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^:\[\]@/]+)(:\d*)?")
READING = ("GET", "HEAD", "OPTIONS")
"""What a page of any site may do: it changes nothing, and the browser keeps the answer from it."""
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


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
    behind a proxy that ends TLS the page says https where we see http. A scheme's default port may
    be named or left out: browsers leave it out of an Origin, and some proxies name it in the Host.
    """
    if not who.origin:
        return True
    origin = plain_origin(who.origin)
    ours = (plain_origin(f"{scheme}://{who.host}") for scheme in DEFAULT_PORTS)
    return origin in ours or origin in map(plain_origin, allowed)


def plain_origin(origin: str) -> str:
    """An origin as a browser writes it: in lower case, without its scheme's default port."""
    origin = origin.lower()
    return origin.removesuffix(DEFAULT_PORTS.get(origin.partition("://")[0], ""))


def _only(scope: Scope, name: bytes) -> str:
    values = {value for key, value in scope["headers"] if key == name}
    return values.pop().decode("latin-1") if len(values) == 1 else "," * len(values)
