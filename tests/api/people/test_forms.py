"""The forms of sign-in, sign-out and passwords, as a browser and as an attacker send them."""

import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from harness.accounts import ADMINISTRATOR, PASSWORD, account, administrator, session_token
from tests.api.people.conftest import ORIGIN, OWN_PAGE, with_session
from tests.api.test_problems import assert_problem
from ticket_app.actor import by_command
from ticket_app.api.app import make_api
from ticket_app.api.gateway.redirects import own_path
from ticket_app.api.limits.token_bucket import TokenBucket
from ticket_app.api.people import failure_log
from ticket_app.data.engine import read_transaction, use_database
from ticket_app.data.people.accounts import find_own_login
from ticket_app.services.people import identity
from ticket_app.services.people.accounts import invitations, rights
from ticket_app.services.people.signing_in import passwords
from ticket_app.services.people.tokens import COOKIE, COOKIE_OVER_TLS, STEP_COOKIE
from ticket_app.vocabulary import Role

GOOD = "seven lanterns under the bridge"
FORMS = (
    *("/api/sign-in", "/api/sign-in/code", "/api/sign-out"),
    *("/api/password", "/api/account/password"),
)
WRONG = {"email": ADMINISTRATOR, "password": "not the right one"}


@pytest.fixture
def ada(database: str) -> int:
    """The id of the administrator of a closed desk."""
    return administrator()


def sign_in(client: TestClient, **fields: str) -> Any:
    form = {"email": ADMINISTRATOR, "password": PASSWORD} | fields
    return client.post("/api/sign-in", data=form, headers=OWN_PAGE)


def place(answer: Any) -> tuple[str, dict[str, list[str]]]:
    """Returns the path and the query to which an answer leads."""
    assert answer.status_code == 303
    assert answer.headers["cache-control"] == "no-store"
    parts = urlsplit(answer.headers["location"])
    assert not parts.netloc
    return parts.path, parse_qs(parts.query)


def token_of(answer: Any) -> str:
    said = str(answer.headers["set-cookie"])
    assert said.startswith(f"{COOKIE}=")
    return said.removeprefix(f"{COOKIE}=").partition(";")[0]


def is_in_force(client: TestClient, token: str) -> bool:
    client.cookies.clear()
    return bool(client.get("/api/tickets/", headers=with_session(token)).status_code == 200)


def test_a_sign_in_gives_a_cookie_that_scripts_cannot_read(client: TestClient, ada: int) -> None:
    answer = sign_in(client, next="/board?status=open")
    assert place(answer) == ("/board", {"status": ["open"]})
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=lax" in said and "path=/" in said
    assert f"max-age={30 * 24 * 3600}" in said and "secure" not in said
    assert is_in_force(client, token_of(answer))


def test_a_sign_out_ends_the_session_and_empties_the_browser(client: TestClient, ada: int) -> None:
    token = token_of(sign_in(client))
    answer = client.post("/api/sign-out", headers=with_session(token))
    assert place(answer) == ("/sign-in", {})
    assert answer.headers["clear-site-data"] == '"storage"'
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert not is_in_force(client, token)


@pytest.mark.rest_in_prove("database")
def test_while_the_database_is_away_a_form_still_answers_with_a_page(
    client: TestClient, ada: int
) -> None:
    token = token_of(sign_in(client))
    use_database("sqlite:////proc/desk.sqlite3")
    for _ in range(2):  # as a process that remembers the session, and as one that does not
        out = client.post("/api/sign-out", headers=with_session(token))
        assert place(out) == ("/sign-in", {"problem": ["kept"]})
        assert "max-age=0" in out.headers["set-cookie"].lower()
        assert out.headers["clear-site-data"] == '"storage"'
        identity._memory.sessions.clear()
    form = {"email": ADMINISTRATOR, "password": PASSWORD, "current": PASSWORD, "code": "123456"}
    for address, page in (
        ("/api/sign-in", "/sign-in"),
        ("/api/sign-in/code", "/sign-in/code"),
        ("/api/account/password", "/account"),
    ):
        cookies = f"{COOKIE}={token}; {STEP_COOKIE}={'x' * 43}"
        answer = client.post(address, data=form, headers={"cookie": cookies} | OWN_PAGE)
        assert place(answer) == (page, {"problem": ["busy"]})


def test_a_sign_in_begins_another_session_than_the_one_before(client: TestClient, ada: int) -> None:
    first = token_of(sign_in(client))
    client.cookies.clear()
    form = {"email": ADMINISTRATOR, "password": PASSWORD}
    second = token_of(client.post("/api/sign-in", data=form, headers=with_session(first)))
    assert first != second
    assert not is_in_force(client, first)
    assert is_in_force(client, second)


def test_a_token_that_was_planted_stays_worthless(client: TestClient, ada: int) -> None:
    planted = "p" * 43
    form = {"email": ADMINISTRATOR, "password": PASSWORD}
    answer = client.post("/api/sign-in", data=form, headers=with_session(planted))
    assert token_of(answer) != planted
    assert not is_in_force(client, planted)


@pytest.mark.rest_in_prove("database")
def test_unknown_and_known_addresses_get_the_same_answer_after_the_same_work(
    client: TestClient, ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = account("gone@example.com", Role.AGENT)
    rights.set_active(by_command(), gone, False)
    invitations.invite(by_command(), "new@example.com", None, Role.AGENT)  # has no password
    compared: list[str | None] = []
    verify = passwords._verify

    def counting(password: str, stored: str | None) -> bool:
        compared.append(stored)
        return verify(password, stored)

    monkeypatch.setattr(passwords, "_verify", counting)
    answers = []
    for email in (ADMINISTRATOR, "nobody@example.com", "gone@example.com", "new@example.com",
                  "no address", "", "nul\0@example.com"):  # fmt: skip
        answer = sign_in(client, email=email, password=WRONG["password"])
        answers.append((answer.status_code, dict(answer.headers), answer.content))
    assert all(each == answers[0] for each in answers)
    assert answers[0][1]["location"] == "/sign-in?problem=wrong"
    assert len(compared) == len(answers)
    right = sign_in(client, email="gone@example.com")  # with the right password
    assert place(right) == ("/sign-in", {"problem": ["wrong"]})


ELSEWHERE = (
    *("//evil.example", "/\\evil.example", "\\\\evil.example", "http://evil.example"),
    *("https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example"),
    *("evil.example", "", " //evil.example", "/board\r\nSet-Cookie: a=b", "/é"),
    *("/" + "a" * 2_000, "\0//evil.example", "/\x7f/evil.example", "?next=//evil.example"),
)


@pytest.mark.rest_in_prove("database")
def test_a_sign_in_leads_nowhere_else(client: TestClient, ada: int) -> None:
    assert [wanted for wanted in ELSEWHERE if own_path(wanted)] == []
    for wanted in ELSEWHERE[:3]:
        assert sign_in(client, next=wanted).headers["location"] == "/"
        failed = sign_in(client, **WRONG, next=wanted)
        assert failed.headers["location"] == "/sign-in?problem=wrong"


@pytest.mark.rest_in_prove("database")
def test_a_form_that_is_sent_before_its_scripts_came_leads_where_its_page_says(
    client: TestClient, ada: int
) -> None:
    def led_to(referer: str, **fields: str) -> str:
        form = {"email": ADMINISTRATOR, "password": PASSWORD, "next": ""} | fields
        headers = OWN_PAGE | {"referer": referer}
        answer = client.post("/api/sign-in", data=form, headers=headers)
        client.cookies.clear()
        return str(answer.headers["location"])

    page = f"{ORIGIN}/sign-in?next=%2Fboard%3Fstatus%3Dopen"
    assert led_to(page) == "/board?status=open"
    assert led_to(page, next="/insights") == "/insights"
    failed = led_to(page, password=WRONG["password"])
    assert failed == "/sign-in?problem=wrong&next=%2Fboard%3Fstatus%3Dopen"
    elsewhere = f"{ORIGIN}/new?next=%2Fboard"
    evil = [f"{ORIGIN}/sign-in?next={each}" for each in ("%2F%2Fevil.example", "http:%2F%2Fevil")]
    for other in ("", "http://[", elsewhere, *evil, f"{page}{'a' * 5_000}"):
        assert led_to(other) == "/"


OTHER_PAGES: tuple[dict[str, str], ...] = (
    {},
    {"origin": "http://evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "none"},
    {"origin": "null"},
    {"origin": "http://evil.example", "sec-fetch-site": "same-origin"},
)


@pytest.mark.rest_in_prove("database")
def test_a_form_of_another_page_is_refused(client: TestClient, ada: int) -> None:
    token = session_token(ada)
    form = {"email": ADMINISTRATOR, "password": PASSWORD, "current": PASSWORD, "token": "x"}
    for address in FORMS:
        for proof in OTHER_PAGES:
            cookie = {"cookie": f"{COOKIE}={token}"}
            answer = client.post(address, data=form, headers=cookie | proof)
            assert_problem(answer, 403, "origin_not_allowed")
            assert "set-cookie" not in answer.headers
    assert is_in_force(client, token)


@pytest.mark.rest_in_prove("database")
def test_a_form_is_small_and_of_its_own_type(client: TestClient, ada: int) -> None:
    for form in FORMS:
        answer = client.post(form, json={"email": ADMINISTRATOR}, headers=OWN_PAGE)
        assert_problem(answer, 415, "unsupported_media_type")
        files = {"email": ("a.txt", b"A")}
        assert client.post(form, files=files, headers=OWN_PAGE).status_code == 415
        large = client.post(form, data={"email": "a" * 17_000}, headers=OWN_PAGE)
        assert_problem(large, 413, "body_too_large")
        assert_problem(client.get(form), 405, "method_not_allowed")
    many = {f"field{number}": "" for number in range(20)}
    assert client.post("/api/sign-in", data=many, headers=OWN_PAGE).status_code == 422
    twice = client.post(
        "/api/sign-in",
        content=f"email={ADMINISTRATOR}&email=b&password=c",
        headers=OWN_PAGE | {"content-type": "application/x-www-form-urlencoded"},
    )
    assert_problem(twice, 422, "validation_failed")
    empty = client.post("/api/sign-in", data={}, headers=OWN_PAGE)
    assert place(empty) == ("/sign-in", {"problem": ["wrong"]})


def test_a_link_sets_a_password_once_and_signs_in(client: TestClient, ada: int) -> None:
    link = invitations.invite(by_command(), "bea@example.com", "Bea", Role.AGENT)

    def use(password: str) -> Any:
        form = {"token": link, "password": password}
        return client.post("/api/password", data=form, headers=OWN_PAGE)

    assert place(use("short")) == ("/welcome", {"token": [link], "problem": ["weak"]})
    answer = use(GOOD)
    assert place(answer) == ("/", {})
    assert is_in_force(client, token_of(answer))
    assert place(use(GOOD)) == ("/welcome", {"token": [link], "problem": ["ended"]})
    signed_in = sign_in(client, email="Bea@Example.com", password=GOOD)
    assert place(signed_in) == ("/", {})
    unknown = client.post("/api/password", data={"token": "x\r\n"}, headers=OWN_PAGE)
    assert place(unknown) == ("/welcome", {"problem": ["ended"]})


def test_a_new_password_ends_the_other_sessions(client: TestClient, ada: int) -> None:
    others, own = session_token(ada), session_token(ada)
    link = invitations.reset(by_command(), ada)

    def change(current: str, password: str) -> Any:
        form = {"current": current, "password": password}
        return client.post("/api/account/password", data=form, headers=with_session(own))

    assert place(change("wrong", GOOD)) == ("/account", {"problem": ["wrong"]})
    assert place(change(PASSWORD, "short")) == ("/account", {"problem": ["weak"]})
    answer = change(PASSWORD, GOOD)
    assert place(answer) == ("/account", {"done": ["password"]})
    assert [is_in_force(client, each) for each in (others, own, token_of(answer))] == [
        False, False, True,
    ]  # fmt: skip
    assert place(sign_in(client)) == ("/sign-in", {"problem": ["wrong"]})
    assert place(sign_in(client, password=GOOD)) == ("/", {})
    used = client.post("/api/password", data={"token": link, "password": GOOD}, headers=OWN_PAGE)
    assert place(used)[1]["problem"] == ["ended"]  # a link of before


def test_who_has_not_signed_in_changes_no_password(client: TestClient, ada: int) -> None:
    form = {"current": PASSWORD, "password": GOOD}
    answer = client.post("/api/account/password", data=form, headers=OWN_PAGE)
    assert place(answer) == ("/sign-in", {"next": ["/account"]})


def test_an_old_hash_is_replaced_at_a_sign_in(
    client: TestClient, ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stronger = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", stronger)
    stored = [hash_of(ada)]
    for _ in range(2):
        assert place(sign_in(client)) == ("/", {})
        stored.append(hash_of(ada))
    assert stored[0] != stored[1] == stored[2]
    assert ",t=3," in stored[1]


def hash_of(person_id: int) -> str:
    with read_transaction() as session:
        return find_own_login(session, person_id).password_hash or ""


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    ("settings", "headers", "secure"),
    [
        ({}, {"x-forwarded-proto": "https"}, False),
        ({"TRUSTED_PROXIES": "10.0.0.0/8"}, {"x-forwarded-proto": "https"}, True),
        ({"TRUSTED_PROXIES": "10.0.0.0/8"}, {"x-forwarded-proto": "http"}, False),
        ({"TRUSTED_PROXIES": "10.0.0.0/8"}, {}, False),
        ({"DESK_URL": "https://desk.example.com"}, {}, True),
    ],
)
def test_a_cookie_stays_on_https_where_there_is_https(
    ada: int,
    settings: dict[str, str],
    headers: dict[str, str],
    secure: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    client = TestClient(
        make_api(), base_url=ORIGIN, follow_redirects=False, client=("10.1.2.3", 5000)
    )
    form = {"email": ADMINISTRATOR, "password": PASSWORD}
    answer = client.post("/api/sign-in", data=form, headers=OWN_PAGE | headers)
    said = answer.headers["set-cookie"]
    name, _, token = said.partition(";")[0].partition("=")
    assert ("secure" in said.lower()) is secure
    assert name == (COOKIE_OVER_TLS if secure else COOKIE)
    # A neighbouring host can set the one without the prefix.
    client.cookies.clear()
    for cookie, counts in ((COOKIE_OVER_TLS, True), (COOKIE, not secure)):
        sent = headers | {"cookie": f"{cookie}={token}"}
        assert (client.get("/api/me/", headers=sent).status_code == 200) is counts
    both = headers | {"cookie": f"{COOKIE_OVER_TLS}={token}; {COOKIE}=planted"}
    assert client.get("/api/me/", headers=both).status_code == 200
    left = client.post("/api/sign-out", headers=both | OWN_PAGE)
    assert left.headers["set-cookie"].startswith(f'{name}="";')


@pytest.mark.rest_in_prove("database")
def test_no_secret_is_logged_and_a_failure_is(
    client: TestClient,
    ada: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(failure_log, "_bucket", TokenBucket(0.001, 1.0))
    token = token_of(sign_in(client))
    client.cookies.clear()
    for _ in range(4):  # of which two are logged
        sign_in(client, **WRONG, next="/?secret=next")
    link = invitations.invite(by_command(), "bea@example.com", None, Role.AGENT)
    client.post("/api/password", data={"token": link, "password": GOOD}, headers=OWN_PAGE)
    logged = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("ticket_app")
    )
    assert logged.count("a sign-in of testclient failed: wrong_credentials") == 2
    for secret in (PASSWORD, WRONG["password"], token, link, GOOD, ADMINISTRATOR, COOKIE):
        assert secret not in logged


@pytest.mark.usefixtures("sqlite_database")
def test_an_open_desk_knows_no_sign_in() -> None:
    client = TestClient(make_api(), base_url=ORIGIN, follow_redirects=False)
    assert place(sign_in(client)) == ("/", {})
    form = {"current": PASSWORD, "password": GOOD}
    assert place(client.post("/api/account/password", data=form, headers=OWN_PAGE)) == ("/", {})
    used = client.post("/api/password", data={"token": "x"}, headers=OWN_PAGE)
    assert place(used) == ("/welcome", {"problem": ["ended"]})
