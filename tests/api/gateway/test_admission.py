"""Pages: who sees which, and where everyone else is sent."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from harness.accounts import account, administrator, session_token
from ticket_app.actor import by_command
from ticket_app.api.gateway import admission as decisions
from ticket_app.api.gateway.admission import TICKET, PageAdmission, compiled_pages, page_of
from ticket_app.api.gateway.page_policy import page_policy
from ticket_app.api.gateway.static_pages import StaticPages
from ticket_app.data.engine import use_database, write_transaction
from ticket_app.services.people import identity
from ticket_app.services.people.permission import ALLOWED, Verb
from ticket_app.services.people.signing_in.code_step import add_step
from ticket_app.services.people.tokens import COOKIE
from ticket_app.settings import get_settings
from ticket_app.ticket_app import app
from ticket_app.vocabulary import Role

ONE_TICKET = "/t/7"
PAGES = {ONE_TICKET if page == TICKET else page: needed for page, needed in decisions.PAGES.items()}
"""What each page needs, by an address of it."""
OTHER = "/other"
"""A page that nobody has decided on."""


@pytest.fixture
def site(tmp_path: Path, sqlite_database: str) -> TestClient:
    """A client of compiled pages: those of the desk, another one, the 404 page, and assets."""
    files = {"404.html": "Nothing here", "assets/a-1f2e.js": "a()", "desk.css": "h1 {}"}
    files |= {
        f"{page.strip('/')}/index.html".lstrip("/"): f"Page {page}" for page in (*PAGES, OTHER)
    }
    folder = tmp_path / "client"
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    static = Starlette(routes=[Mount("/", StaticFiles(directory=folder, html=True))])
    pages = StaticPages(static, page_policy(folder))
    admission = PageAdmission(pages, compiled_pages(folder))
    return TestClient(admission, base_url="http://localhost", follow_redirects=False)


def session_of(role: Role) -> str:
    """Closes the desk and returns the token of a session of this role."""
    ada = administrator()
    return session_token(ada if role is Role.ADMINISTRATOR else account("b@example.com", role))


def get(site: TestClient, path: str, token: str = "", **headers: str) -> Any:
    return site.get(path, headers={"cookie": f"{COOKIE}={token}"} | headers)


def test_every_page_of_the_desk_has_its_decision() -> None:
    routes = {f"/{route.strip('/')}" for route in app._unevaluated_pages} - {"/404", "/index"}
    assert routes <= set(decisions.PAGES)
    assert routes


def test_an_open_desk_has_no_use_for_a_sign_in(site: TestClient) -> None:
    for page in PAGES:
        answer = site.get(page)
        if page in ("/sign-in", "/sign-in/code", "/welcome", "/account", "/second-factor", "/my"):
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            assert answer.headers["cache-control"] == "no-store"
        else:
            assert (answer.status_code, answer.text) == (200, f"Page {page}")
            assert answer.headers["cache-control"] == "no-cache"
    assert site.get(OTHER).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_without_a_session_a_page_leads_to_the_sign_in_and_back(
    site: TestClient, method: str
) -> None:
    administrator()
    for page in (*PAGES, OTHER):
        answer = site.request(method, f"{page}?status=open&q=a%20b%26c")
        if page in ("/sign-in", "/sign-in/code", "/welcome", "/new", "/request"):
            assert answer.status_code == 200
            continue
        assert answer.status_code == 303, page
        assert answer.headers["cache-control"] == "no-store"
        assert answer.content == b""
        where = urlsplit(answer.headers["location"])
        assert (where.netloc, where.path) == ("", "/sign-in")
        assert parse_qs(where.query) == {"next": [f"{page}?status=open&q=a%20b%26c"]}


@pytest.mark.parametrize(
    "path",
    [
        *("/board/", "//board", "/board//", "/x/../board", "/./board", "/board/index.html"),
        *("/board/.", "/%62oard", "/index.html", "/"),
    ],
)
def test_no_spelling_of_a_page_avoids_the_sign_in(site: TestClient, path: str) -> None:
    administrator()
    assert get(site, f"http://localhost{path}").status_code == 303


@pytest.mark.parametrize("role", list(Role))
def test_a_role_that_may_not_see_a_page_is_sent_to_its_own(site: TestClient, role: Role) -> None:
    token = session_of(role)
    for page, verb in PAGES.items():
        answer = get(site, page, token)
        if verb is None or verb in ALLOWED[role]:
            assert answer.status_code == 200, page
            assert answer.headers["cache-control"] == ("no-cache" if verb is None else "no-store")
        else:
            own = "/my?ticket=7" if page == ONE_TICKET else "/my"
            assert (answer.status_code, answer.headers["location"]) == (303, own)
    assert get(site, OTHER, token).headers["cache-control"] == "no-store"


def test_a_sign_in_that_waits_for_a_code_sees_no_page(site: TestClient) -> None:
    ada = administrator()
    with write_transaction() as session:
        token = add_step(session, by_command(), ada)
    for page, verb in {**PAGES, OTHER: Verb.USE_ACCOUNT}.items():
        answer = get(site, page, token)
        if verb is None:
            assert answer.status_code == 200, page
        else:
            assert (answer.status_code, urlsplit(answer.headers["location"]).path) == (
                303,
                "/sign-in",
            )


def test_who_needs_a_second_factor_first_sees_its_page_alone(
    site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = session_of(Role.AGENT)
    monkeypatch.setenv("REQUIRE_SECOND_FACTOR", "agent")
    get_settings.cache_clear()
    identity.forget()
    for page, verb in {**PAGES, OTHER: Verb.USE_ACCOUNT}.items():
        answer = get(site, page, token)
        if verb is None or verb is Verb.SET_UP_FACTOR:
            assert answer.status_code == 200, page
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, "/second-factor")


def test_assets_and_unknown_addresses_are_for_everyone(site: TestClient) -> None:
    administrator()
    assert "immutable" in site.get("/assets/a-1f2e.js").headers["cache-control"]
    assert site.get("/desk.css").headers["cache-control"] == "no-cache"
    for path in ("/nope", "/assets/gone.js", "/sign-in/nope", "/\ufffd"):
        answer = site.get(path)
        assert (answer.status_code, answer.text) == (404, "Nothing here")
    assert site.post("/board").status_code == 405


def test_a_page_that_the_browser_has_is_not_sent_again(site: TestClient) -> None:
    token = session_of(Role.AGENT)
    tag = get(site, "/board", token).headers["etag"]
    assert get(site, "/board", token, **{"if-none-match": tag}).status_code == 304
    assert get(site, "/board", **{"if-none-match": tag}).status_code == 303


def test_a_long_address_is_forgotten(site: TestClient) -> None:
    administrator()
    assert site.get(f"/board?q={'a' * 2_000}").headers["location"] == "/sign-in"


def test_pages_come_while_the_database_is_away(site: TestClient) -> None:
    token = session_of(Role.AGENT)
    use_database("sqlite:////proc/desk.sqlite3")
    identity.forget()
    answer = get(site, "/board", token)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_the_address_of_a_page() -> None:
    assert [page_of(each) for each in ("/index.html", "/board.html", "/a/index.html", "//")] == [
        "/", "/board", "/a", "/",
    ]  # fmt: skip
