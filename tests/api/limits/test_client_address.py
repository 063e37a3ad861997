"""The client's address comes from X-Forwarded-For only if the connection is a trusted proxy's."""

import pytest

from ticket_app.api.limits.client_address import client_address
from ticket_app.errors import ConfigurationError
from ticket_app.settings import Settings, get_settings

TRUSTED = Settings(trusted_proxies="10.84.0.0/24, 127.0.0.1").trusted_proxies


def address(peer: str, *forwarded: str) -> str:
    """Returns the client's address for this peer and these X-Forwarded-For headers."""
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return client_address({"client": (peer, "1"), "headers": headers}, TRUSTED)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.5", (), "203.0.113.5"),
        ("203.0.113.5", ("198.51.100.1",), "203.0.113.5"),
        ("10.84.0.7", ("198.51.100.1",), "198.51.100.1"),
        ("::ffff:10.84.0.7", ("198.51.100.1",), "198.51.100.1"),
        ("10.84.0.7", (), "10.84.0.7"),
        ("10.84.0.7", ("6.6.6.6, 198.51.100.1",), "198.51.100.1"),
        ("10.84.0.7", ("6.6.6.6", "198.51.100.1, 127.0.0.1"), "198.51.100.1"),
        ("10.84.0.7", ("what, ever",), "ever"),
        ("10.84.0.7", ("198.51.100.1:5678",), "198.51.100.1"),
        ("10.84.0.7", ("198.51.100.1:5678, 10.84.0.9:80",), "198.51.100.1"),
        ("10.84.0.7", ("[2001:db8:1:2::9]:80",), "2001:db8:1:2::/64"),
        ("10.84.0.7", ("[2001:db8:1:2::9]",), "2001:db8:1:2::/64"),
        ("10.84.0.7", ("2001:db8:1:2::9",), "2001:db8:1:2::/64"),
        ("10.84.0.7", ("x" * 60_000,), "x" * 50),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", (), "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", (), "203.0.113.5"),
    ],
)
def test_the_address_of_a_client(peer: str, forwarded: tuple[str, ...], client: str) -> None:
    assert address(peer, *forwarded) == client


def test_nobody_is_trusted_unless_named() -> None:
    assert Settings().trusted_proxies == ()


def test_what_is_no_network_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "caddy")
    with pytest.raises(ConfigurationError, match=r"TRUSTED_PROXIES is wrong .*; for example: "):
        get_settings()
