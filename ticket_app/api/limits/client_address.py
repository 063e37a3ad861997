"""The address of a client, also behind trusted proxies."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

Networks = tuple[IPv4Network | IPv6Network, ...]
"""The networks of the proxies whose X-Forwarded-For is trusted."""

V6_OF_ONE_CLIENT = 64
"""Prefix length that identifies a client of IPv6. A client chooses the other bits freely."""
ADDRESS_LONGEST = 50
"""Characters of an address in a header that are used. Addresses are cached, so they are cut."""

_WITH_PORT = re.compile(r"\[(?P<v6>[^]]+)\](?::\d+)?|(?P<v4>[\d.]+):\d+")


def client_address(scope: Scope, trusted: Networks) -> str:
    """Return the address of the client that sent this; an IPv6 address is cut to its network.

    X-Forwarded-For counts if the connection comes from a trusted proxy. It is read from the right
    up to the first address that is not a trusted proxy: addresses further left may be forged.
    """
    said = scope["client"][0] if scope.get("client") else ""
    if not trusted or not _is_trusted(said, trusted):
        return _network(said)
    for hop in reversed(_forwarded_for(scope)):
        said = hop
        if not _is_trusted(hop, trusted):
            break
    return _network(said)


def is_from_trusted_proxy(scope: Scope, trusted: Networks) -> bool:
    """Return True if the connection itself comes from a trusted proxy, whose headers count."""
    said = scope["client"][0] if scope.get("client") else ""
    return _is_trusted(said, trusted)


def _forwarded_for(scope: Scope) -> Sequence[str]:
    said = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    hops = b",".join(said).decode("latin-1").split(",")
    return [_without_port(hop.strip()[:ADDRESS_LONGEST]) for hop in hops if hop.strip()]


def _without_port(hop: str) -> str:
    """Return the address alone: some proxies write 1.2.3.4:5678, [::1]:80 or [::1]."""
    found = _WITH_PORT.fullmatch(hop)
    return hop if found is None else found["v6"] or found["v4"]


@lru_cache(1_000)
def _is_trusted(address: str, trusted: Networks) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in trusted)


@lru_cache(1_000)
def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and (mapped := found.ipv4_mapped) is not None:
        return str(mapped)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found), V6_OF_ONE_CLIENT), strict=False))
    return str(found)
