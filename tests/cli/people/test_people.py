"""The operator's commands create accounts, hand out links, and change and list people."""

import asyncio
import io
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from harness.accounts import PASSWORD_HASH, account, administrator, factor, session_token
from tests.services.desk import changed, opened
from ticket_app.actor import NOBODY, OPEN_DESK, Identity, by_command, over_rest
from ticket_app.cli.main import main
from ticket_app.cli.people.admin import create_configured_administrator
from ticket_app.errors import ConfigurationError, TokenNotValidError
from ticket_app.schemas.people import PersonPublic
from ticket_app.services.people import identity
from ticket_app.services.people.accounts import directory, invitations
from ticket_app.services.people.api_tokens.bearer import identify_bearer
from ticket_app.services.people.signing_in.single_sign_on import enter
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.settings import Settings, SingleSignOn, get_settings
from ticket_app.vocabulary import Role, TokenScope

PASSWORD = "teapot lantern gravel"  # noqa: S105  # a made-up one
ANA = "ana@example.com"
BEN = "ben@example.com"

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.rest_in_prove("database")]


class Desk:
    """The command line of `people`, and what it has printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys, self._patch = capsys, patch

    def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """Run `people ...` with this standard input; returns the exit code and all output."""
        self._patch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(["people", *arguments])
        printed = self._capsys.readouterr()
        assert PASSWORD not in printed.out + printed.err
        return code, printed.out + printed.err

    def refused(self, *arguments: str, typed: str = "") -> str:
        """Run a command that ends with code 2 and one sentence; returns the sentence."""
        code, printed = self.run(*arguments, typed=typed)
        assert code == 2 and printed.count("\n") == 1, printed
        return printed


@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(capsys, monkeypatch)


def person(email: str) -> PersonPublic:
    return directory.find_person(by_command(), email)


def is_open() -> bool:
    return identity.read_is_open(by_command())


def token_of(printed: str) -> str:
    """Returns the token of the link that a command has printed."""
    found = re.search(r"^https?://\S+$", printed, re.MULTILINE)
    assert found is not None, printed
    return parse_qs(urlsplit(found[0]).query)["token"][0]


def test_the_first_administrator_closes_the_desk(desk: Desk) -> None:
    code, printed = desk.run("admin", "Ana@Example.com", "--name", "Ana", typed=f"{PASSWORD}\n")
    assert code == 0 and "closed from now on" in printed
    ana = person(ANA)
    assert (ana.name, ana.role, ana.active) == ("Ana", Role.ADMINISTRATOR, True)
    assert ana.has_account and not is_open()
    code, printed = desk.run("admin", BEN, typed=PASSWORD)
    assert code == 0 and "closed" not in printed


def test_a_password_comes_from_a_file(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    assert desk.run("admin", ANA, "--password-file", str(file))[0] == 0
    assert not is_open()


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), (b"", "no password"), (b"\n", "no password"), (b"\xff", "UTF-8"),
     (b"short", "15 characters"), (b"x" * 9_000, "128 characters")],
)  # fmt: skip
def test_a_file_without_a_good_password_creates_nobody(
    desk: Desk, tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    assert words in desk.refused("admin", ANA, "--password-file", str(file))
    settings = Settings(admin_email=ANA, admin_password_file=file)
    with pytest.raises(ConfigurationError, match=words) as refused:
        create_configured_administrator(settings)
    assert "ADMIN_PASSWORD_FILE" in refused.value.detail
    assert is_open()


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "no password in standard input"), ("short", "15 characters"), (f"{ANA}!!", "guess")],
)
def test_a_password_that_is_refused_creates_nobody(desk: Desk, typed: str, words: str) -> None:
    assert words in desk.refused("admin", ANA, typed=typed)
    assert is_open()


def test_the_settings_create_one_administrator_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD, encoding="utf-8")
    create_configured_administrator(Settings())
    assert is_open()
    settings = Settings(admin_email=ANA, admin_password_file=file)
    for _ in range(2):
        create_configured_administrator(settings)
    assert capsys.readouterr().out == f"Created the administrator {ANA}.\n"
    assert person(ANA).role is Role.ADMINISTRATOR
    file.unlink()  # it is needed once
    other = Settings(admin_email=BEN, admin_password_file=file)
    create_configured_administrator(other)
    assert "ben" not in str(directory.list_people(by_command()))


def test_nobody_is_invited_to_an_open_desk(desk: Desk) -> None:
    assert "make admin EMAIL=" in desk.refused("invite", BEN)


@pytest.mark.parametrize("desk_url", ["https://desk.example.com/", ""])
def test_an_invitation_is_a_link_that_works_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, desk_url: str
) -> None:
    administrator()
    monkeypatch.setenv("DESK_URL", desk_url)
    get_settings.cache_clear()
    code, printed = desk.run("invite", BEN, "--name", "Ben")
    assert code == 0 and "within 7 days." in printed
    expected = "https://desk.example.com" if desk_url else "http://localhost:8000"
    assert f"\n{expected}/welcome?token=" in printed
    assert ("DESK_URL is not set" in printed) is (desk_url == "")
    assert "invited" in desk.run("list")[1]
    invitations.use_link(over_rest(NOBODY), token_of(printed), PASSWORD_HASH)
    assert person(BEN).has_account and person(BEN).role is Role.AGENT
    code, printed = desk.run("invite", BEN, "--role", "administrator")
    assert code == 0 and "has an account already, with the role agent" in printed


def test_a_reset_is_a_link_too(desk: Desk) -> None:
    administrator()
    account(BEN, Role.AGENT)
    code, printed = desk.run("reset", BEN)
    assert code == 0 and "within 1 day." in printed
    invitations.use_link(over_rest(NOBODY), token_of(printed), PASSWORD_HASH)


def test_a_role_changes_and_the_last_administrator_stays(desk: Desk) -> None:
    administrator(ANA)
    account(BEN, Role.AGENT)
    assert "last active administrator" in desk.refused("role", ANA, "agent")
    assert "last active administrator" in desk.refused("deactivate", ANA)
    assert desk.run("role", BEN, "administrator")[0] == 0
    assert "already" in desk.run("role", BEN, "administrator")[1]
    assert desk.run("role", ANA, "requester")[0] == 0
    assert (person(ANA).role, person(BEN).role) == (Role.REQUESTER, Role.ADMINISTRATOR)


@pytest.mark.anyio
@pytest.mark.parametrize("command", ["deactivate", "sign-out"])
async def test_a_session_ends_at_once(desk: Desk, command: str) -> None:
    administrator()
    ben = account(BEN, Role.AGENT)
    token = session_token(ben)
    assert (await identity.identify(token)).person_id == ben
    assert desk.run(command, BEN)[0] == 0
    assert await identity.identify(token) == NOBODY
    assert person(BEN).active is (command == "sign-out")


def test_who_is_unlinked_may_come_with_another_subject(desk: Desk) -> None:
    administrator()
    account(BEN, Role.AGENT)
    assert "never signed in by single sign-on" in desk.run("unlink", BEN)[1]
    sso = SingleSignOn("https://id.example.com", "desk", SecretStr("s"), "Id", "groups", {}, {})
    for subject in ("one", "two"):
        said = {"iss": sso.issuer, "sub": subject, "email": BEN, "email_verified": True}
        enter(over_rest(NOBODY), sso, said, "", "")
        assert "is a first one again" in desk.run("unlink", BEN)[1]


def test_who_was_deactivated_gets_no_link_until_they_are_active(desk: Desk) -> None:
    administrator()
    account(BEN, Role.AGENT)
    desk.run("deactivate", BEN)
    for command in ("invite", "reset"):
        assert "is not active" in desk.refused(command, BEN)
    assert "inactive" in desk.run("list")[1]
    assert desk.run("activate", BEN)[0] == 0
    assert desk.run("reset", BEN)[0] == 0


def test_a_lost_second_factor_is_removed_on_the_server(desk: Desk) -> None:
    administrator(ANA)
    ben = account(BEN, Role.AGENT)
    factor(ben, Role.AGENT)
    token = session_token(ben)
    assert person(BEN).has_second_factor
    code, printed = desk.run("admin", BEN, typed=PASSWORD)  # a new password leaves it
    assert code == 0 and f"people second-factor-off {BEN}" in printed
    assert person(BEN).has_second_factor
    code, printed = desk.run("second-factor-off", BEN)
    assert code == 0 and "no second factor any more" in printed
    assert not person(BEN).has_second_factor
    assert asyncio.run(identity.identify(token)) == NOBODY
    assert "has no second factor." in desk.run("second-factor-off", BEN)[1]
    assert "stays" not in desk.run("admin", BEN, typed=PASSWORD)[1]


def test_who_leaves_hands_their_open_tickets_on(desk: Desk) -> None:
    ana = administrator(ANA)
    for role, heir in ((Role.AGENT, ANA), (Role.AGENT, None)):
        ben = account(BEN, role)
        tickets = [opened().id, opened().id]
        for each in tickets:
            changed(each, by_command(), assignee_id=ben)
        chosen = ["--hand-to", heir] if heir else []
        code, said = desk.run("deactivate", BEN, *chosen)
        assert (code, f"2 open tickets belong to {heir or 'nobody'} now" in said) == (0, True)
        found = {get_ticket(by_command(), each).assignee_id for each in tickets}
        assert found == {ana if heir else None}
        desk.run("activate", BEN)
    assert "There is no person" in desk.refused("role", BEN, "requester", "--hand-to", "x@y.org")


COMMANDS = ("reset", "deactivate", "activate", "sign-out", "second-factor-off", "unlink")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_person_is_named(desk: Desk, command: str) -> None:
    administrator()
    assert f"There is no person {BEN}" in desk.refused(command, BEN)


def test_a_list_has_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    administrator(ANA)
    account(BEN, Role.AGENT)
    account("cleo@example.com", Role.REQUESTER)
    monkeypatch.setattr("ticket_app.services.people.accounts.directory.PAGE_MAX", 2)
    monkeypatch.setattr("ticket_app.cli.people.listing.PAGE_MAX", 2)
    _, first = desk.run("list")
    assert ANA in first and BEN in first and "cleo" not in first
    (after,) = re.findall(r"list --after (\d+)$", first, re.MULTILINE)
    _, second = desk.run("list", "--after", after)
    assert "cleo" in second and ANA not in second and "--after" not in second
    assert "nobody" in desk.run("list", "--after", str(2**62))[1]


@pytest.mark.parametrize(
    "arguments",
    [["admin", "nobody"], ["invite", BEN, "--role", "boss"], ["list", "--after", "-1"], []],
)
def test_wrong_arguments_are_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["people", *arguments])
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_open_desk_stays_open_without_a_command(desk: Desk) -> None:
    assert "nobody" in desk.run("list")[1]
    assert OPEN_DESK.role is Role.AGENT and is_open()


def test_a_token_is_printed_once_and_acts_for_its_person(desk: Desk) -> None:
    administrator(ANA)
    code, printed = desk.run("token", ANA, "--scope", "admin", "--days", "30", "--name", "Backup")
    token = printed.split("\n", maxsplit=1)[0]
    assert code == 0 and len(token) == 48
    known = asyncio.run(identify_bearer(token))
    assert known == Identity(Role.ADMINISTRATOR, person(ANA).id, token_scope=TokenScope.ADMIN)
    account(BEN, Role.AGENT)
    assert "administrator" in desk.refused("token", BEN, "--scope", "admin")
    desk.run("deactivate", BEN)
    assert "not active" in desk.refused("token", BEN)


def test_tokens_are_listed_and_one_is_revoked(desk: Desk) -> None:
    administrator(ANA)
    assert "no API token" in desk.run("tokens", ANA)[1]
    token = desk.run("token", ANA, "--name", "Backup")[1].split("\n", maxsplit=1)[0]
    listed = desk.run("tokens", ANA)[1]
    assert "Backup" in listed and "never" in listed and token not in listed
    (number,) = re.findall(r"^ *(\d+)  read", listed, re.MULTILINE)
    assert desk.run("revoke-token", ANA, number)[0] == 0
    with pytest.raises(TokenNotValidError):
        asyncio.run(identify_bearer(token))
    assert "no token" in desk.refused("revoke-token", ANA, number)
