"""The form of a code, as a browser and as an attacker send it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from harness.accounts import ADMINISTRATOR, PASSWORD, administrator, code_of, factor
from tests.api.people.conftest import OWN_PAGE, with_session
from tests.api.people.test_forms import WRONG, is_in_force, place, sign_in
from ticket_app.actor import by_command
from ticket_app.services.people.accounts import invitations
from ticket_app.services.people.tokens import COOKIE, STEP_COOKIE
from ticket_app.vocabulary import Role


@pytest.fixture
def secret(database: str) -> str:
    """The secret of the second factor of a closed desk's administrator."""
    return factor(administrator(), Role.ADMINISTRATOR)[0]


def now_code(secret: str, steps: int = 0) -> str:
    return code_of(secret, datetime.now(UTC), steps)


def cookies_of(answer: Any) -> dict[str, str]:
    """Returns what the browser stores: each cookie's value with its attributes, by its name."""
    said = answer.headers.get_list("set-cookie")
    return {name: value for name, _, value in (each.partition("=") for each in said)}


def send_code(client: TestClient, step: str, code: str, **fields: str) -> Any:
    client.cookies.clear()
    headers = {"cookie": f"{STEP_COOKIE}={step}", **OWN_PAGE}
    return client.post("/api/sign-in/code", data={"code": code} | fields, headers=headers)


def step_of(answer: Any) -> str:
    return cookies_of(answer)[STEP_COOKIE].partition(";")[0]


def test_a_right_password_asks_for_a_code(client: TestClient, secret: str) -> None:
    answer = sign_in(client, next="/board?status=open")
    assert place(answer) == ("/sign-in/code", {"next": ["/board?status=open"]})
    (name,) = cookies_of(answer)  # and no session
    assert name == STEP_COOKIE
    said = cookies_of(answer)[name].lower()
    for each in ("httponly", "samesite=strict", "path=/api/sign-in", "max-age=300"):
        assert each in said
    step = step_of(answer)
    assert not is_in_force(client, step)
    wrong = send_code(client, step, "12", next="/board")
    assert place(wrong) == ("/sign-in/code", {"problem": ["code"], "next": ["/board"]})
    right = send_code(client, step, now_code(secret), next="/board")
    assert place(right) == ("/board", {})
    cookies = cookies_of(right)
    assert is_in_force(client, cookies[COOKIE].partition(";")[0])
    assert "max-age=0" in cookies[STEP_COOKIE].lower()
    again = send_code(client, step, now_code(secret, 1), next="//evil.example")
    assert place(again) == ("/sign-in", {"problem": ["over"]})


def test_a_wrong_password_says_nothing_of_a_second_factor(client: TestClient, secret: str) -> None:
    known = sign_in(client, **WRONG)
    unknown = sign_in(client, **WRONG | {"email": "nobody@example.com"})
    assert (known.status_code, dict(known.headers)) == (unknown.status_code, dict(unknown.headers))
    assert place(known) == ("/sign-in", {"problem": ["wrong"]})


@pytest.mark.parametrize("step", ["", "x" * 43, "x" * 10_000])
def test_without_a_sign_in_that_waits_a_code_is_worth_nothing(
    client: TestClient, secret: str, step: str
) -> None:
    sign_in(client)
    answer = send_code(client, step, now_code(secret))
    assert place(answer) == ("/sign-in", {"problem": ["over"]})
    assert list(cookies_of(answer)) == [STEP_COOKIE]


def test_a_code_ends_the_session_before_it(client: TestClient, secret: str) -> None:
    first = send_code(client, step_of(sign_in(client)), now_code(secret))
    token = cookies_of(first)[COOKIE].partition(";")[0]
    form = {"email": ADMINISTRATOR, "password": PASSWORD}
    client.cookies.clear()
    step = step_of(client.post("/api/sign-in", data=form, headers=with_session(token)))
    assert is_in_force(client, token)
    both = {"cookie": f"{COOKIE}={token}; {STEP_COOKIE}={step}", **OWN_PAGE}
    answer = client.post("/api/sign-in/code", data={"code": now_code(secret, 1)}, headers=both)
    assert place(answer) == ("/", {})
    assert not is_in_force(client, token)


def test_a_link_for_a_password_asks_for_a_code_too(client: TestClient, secret: str) -> None:
    ada = 1
    link = invitations.reset(by_command(), ada)
    form = {"token": link, "password": "seven lanterns under the bridge"}
    answer = client.post("/api/password", data=form, headers=OWN_PAGE)
    assert place(answer) == ("/sign-in/code", {})
    assert list(cookies_of(answer)) == [STEP_COOKIE]
    right = send_code(client, step_of(answer), now_code(secret))
    assert COOKIE in cookies_of(right)


@pytest.mark.usefixtures("sqlite_database")
def test_an_open_desk_knows_no_code(client: TestClient) -> None:
    assert place(send_code(client, "x" * 43, "123456")) == ("/", {})
