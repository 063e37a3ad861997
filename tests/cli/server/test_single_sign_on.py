"""A desk with single sign-on starts if a provider could send people back to it."""

import pytest
from pydantic import SecretStr

from harness.accounts import administrator
from ticket_app.cli.server.single_sign_on import check_single_sign_on
from ticket_app.errors import ConfigurationError
from ticket_app.settings import Settings

pytestmark = pytest.mark.usefixtures("sqlite_database")


def settings(host: str, desk_url: str | None) -> Settings:
    return Settings(
        host=host,
        desk_url=desk_url,
        oidc_issuer="https://id.example.com",
        oidc_client_id="desk",
        oidc_client_secret=SecretStr("x"),
    )


def test_other_machines_need_the_address_of_the_desk(caplog: pytest.LogCaptureFixture) -> None:
    administrator()
    with pytest.raises(ConfigurationError, match="DESK_URL=https"):
        check_single_sign_on(settings("0.0.0.0", None))  # noqa: S104  # never bound
    check_single_sign_on(settings("0.0.0.0", "https://desk.example.com"))  # noqa: S104
    check_single_sign_on(settings("127.0.0.1", None))
    check_single_sign_on(Settings(host="0.0.0.0"))  # noqa: S104
    assert not caplog.records


def test_an_open_desk_says_that_single_sign_on_waits(caplog: pytest.LogCaptureFixture) -> None:
    check_single_sign_on(settings("127.0.0.1", None))
    (record,) = caplog.records
    assert "single sign-on is off until the desk has an administrator" in record.getMessage()
