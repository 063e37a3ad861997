"""A desk without accounts starts on this machine alone, unless its operator wants it otherwise."""

import logging

import pytest

from harness.accounts import administrator
from ticket_app.cli.server.open_desk import check_open_desk
from ticket_app.errors import ConfigurationError
from ticket_app.settings import Settings

LOOPBACK = ("127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "::1", "[::1]")
OTHERS = ("0.0.0.0", "::", "[::]", "192.0.2.1", "desk.example.com")  # noqa: S104  # never bound


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.usefixtures("sqlite_database")
def test_an_open_desk_of_this_machine_says_that_it_is_open(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    check_open_desk(Settings(host=host))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "the desk is open" in record.getMessage()


@pytest.mark.parametrize("host", OTHERS)
@pytest.mark.usefixtures("sqlite_database")
def test_an_open_desk_that_others_could_reach_does_not_start(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_open_desk(Settings(host=host))
    assert refused.value.detail.startswith(f"HOST is {host}, ")
    assert "HOST=127.0.0.1" in refused.value.detail
    assert "docker run -e ALLOW_OPEN=true" in refused.value.detail
    assert not caplog.records


@pytest.mark.parametrize("host", OTHERS)
@pytest.mark.usefixtures("sqlite_database")
def test_whoever_allows_it_is_told_at_each_start(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    check_open_desk(Settings(host=host, allow_open=True))
    assert len(caplog.records) == 1


@pytest.mark.parametrize("host", [*LOOPBACK[:1], *OTHERS[:1]])
@pytest.mark.usefixtures("database")
def test_a_desk_with_accounts_starts_anywhere_and_is_not_called_open(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    administrator()
    check_open_desk(Settings(host=host))
    assert not caplog.records
