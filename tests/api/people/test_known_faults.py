"""Faults that other desks had with accounts, each tried over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text
from starlette.testclient import TestClient

from harness.accounts import ADMINISTRATOR, PASSWORD, account, administrator
from tests.api.people.conftest import OWN_PAGE, Team, with_session
from ticket_app.actor import by_command
from ticket_app.data.engine import get_engine
from ticket_app.services.people.accounts import directory, invitations, rights
from ticket_app.vocabulary import Role

GUESS = "not the right one"
GOOD = "seven lanterns under the bridge"
LINE_ENDS = ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00")
INJECTED = "Injected: yes"


@contextmanager
def statements() -> Iterator[list[str]]:
    """Yields the list to which every statement for the database is added."""
    found: list[str] = []

    def add(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.append(statement)

    event.listen(get_engine(), "before_cursor_execute", add)
    try:
        yield found
    finally:
        event.remove(get_engine(), "before_cursor_execute", add)


def test_a_sign_in_asks_the_database_the_same_of_any_address(
    client: TestClient, database: str
) -> None:
    assert database
    administrator()
    rights.set_active(by_command(), account("gone@example.com", Role.AGENT), False)
    invitations.invite(by_command(), "new@example.com", None, Role.AGENT)
    client.get("/api/me/")  # the first request reads whether the desk is open
    asked = []
    for email in (ADMINISTRATOR, "nobody@example.com", "gone@example.com", "new@example.com"):
        form = {"email": email, "password": GUESS}
        with statements() as found:
            client.post("/api/sign-in", data=form, headers=OWN_PAGE)
        asked.append(found)
    assert asked[0]
    assert all(each == asked[0] for each in asked)


@pytest.mark.rest_in_prove("database")
def test_no_extra_field_of_a_form_raises_a_role(client: TestClient, team: Team) -> None:
    more = {"role": "administrator", "person_id": "1", "active": "true"}
    link = invitations.invite(by_command(), "cid@example.com", None, Role.REQUESTER)
    sent: tuple[tuple[str, dict[str, str], dict[str, str]], ...] = (
        ("/api/password", {"token": link, "password": GOOD}, {}),
        ("/api/sign-in", {"email": "rob@example.com", "password": PASSWORD}, {}),
        ("/api/account/password", {"current": PASSWORD, "password": GOOD},
         with_session(team.requester)),
    )  # fmt: skip
    for address, form, headers in sent:
        answer = client.post(address, data=form | more, headers=OWN_PAGE | headers)
        assert "set-cookie" in answer.headers, address
        client.cookies.clear()
    roles = {each.email: each.role for each in directory.list_people(by_command())}
    assert [roles["rob@example.com"], roles["cid@example.com"]] == [Role.REQUESTER] * 2


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("end", LINE_ENDS, ids=repr)
def test_a_line_end_in_a_name_reaches_no_header_and_no_row(
    client: TestClient, team: Team, end: str
) -> None:
    headers, name = with_session(team.agent), f"Eve{end}{INJECTED}"
    ticket = {"title": "A", "description": "B", "requester_name": name}
    answers = [
        client.post("/api/tickets/", json=ticket, headers=headers),
        client.post("/api/me/tokens/", json={"name": name}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    for field in ("email", "password", "next"):
        form = {"email": "rob@example.com", "password": PASSWORD} | {field: f"/{name}"}
        answers.append(client.post("/api/sign-in", data=form, headers=OWN_PAGE))
        client.cookies.clear()
    form = {"token": name, "password": GOOD}
    answers.append(client.post("/api/password", data=form, headers=OWN_PAGE))
    for answer in answers:
        assert "Injected" not in f"{answer.headers}"
    with get_engine().connect() as connection:
        for table in ("person", "ticket", "api_token", "person_session"):
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert INJECTED not in str(rows)


@pytest.mark.rest_in_prove("database")
def test_a_browser_with_line_ends_in_its_name_is_one_line(client: TestClient, team: Team) -> None:
    form = {"email": "rob@example.com", "password": PASSWORD}
    agent = [(b"user-agent", f"A\x85{INJECTED}".encode("latin-1"))]
    headers = [*agent, *((name.encode(), value.encode()) for name, value in OWN_PAGE.items())]
    assert client.post("/api/sign-in", data=form, headers=headers).status_code == 303
    with get_engine().connect() as connection:
        said = connection.execute(text("SELECT user_agent FROM person_session")).scalars().all()
    assert all(each.isprintable() for each in said)
    assert any(INJECTED in each for each in said)
