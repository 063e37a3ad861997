"""Who may send a request to REST: a matrix over every address and every kind of sender."""

import asyncio
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from harness.accounts import administrator
from tests.api.people.conftest import OWN_PAGE, Team, with_session
from tests.api.test_problems import assert_problem
from ticket_app.api import health, notifications, triage
from ticket_app.api.app import make_api
from ticket_app.api.paths import CALLBACK, FORMS, HEALTH, SINGLE_SIGN_ON
from ticket_app.api.people import audit, directory, forms, me, single_sign_on
from ticket_app.api.tickets import (
    attachments,
    drafts,
    history,
    messages,
    own_draft,
    participants,
    tickets,
)
from ticket_app.services.people import identity
from ticket_app.services.people.permission import ALLOWED, Verb
from ticket_app.services.people.tokens import COOKIE
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Role

TICKET = {"title": "A", "description": "B"}
DRAFT = {"kind": "reply", "body": "Hello", "key": "k", "writer": "w", "revision": 0}
NEEDS: dict[tuple[str, str], Verb | None] = {
    ("GET", "/api/health/"): None,
    ("GET", SINGLE_SIGN_ON): None,
    ("GET", CALLBACK): None,
    ("POST", "/api/tickets/"): Verb.FILE_TICKET,
    ("GET", "/api/tickets/"): Verb.READ_TICKETS,
    ("GET", "/api/tickets/{ticket_id:ticket}/"): Verb.READ_TICKETS,
    ("PATCH", "/api/tickets/{ticket_id:ticket}/"): Verb.CHANGE_TICKETS,
    ("DELETE", "/api/tickets/{ticket_id:ticket}/"): Verb.CHANGE_TICKETS,
    ("POST", "/api/tickets/{ticket_id:ticket}/restore/"): Verb.CHANGE_TICKETS,
    ("GET", "/api/tickets/{ticket_id:ticket}/messages/"): Verb.READ_TICKETS,
    ("POST", "/api/tickets/{ticket_id:ticket}/messages/"): Verb.REPLY,
    ("POST", "/api/tickets/{ticket_id:ticket}/draft/"): Verb.REPLY,
    ("POST", "/api/tickets/{ticket_id:ticket}/attachments/"): Verb.REPLY,
    ("GET", "/api/tickets/{ticket_id:ticket}/attachments/{attachment_id}/"): Verb.READ_TICKETS,
    (
        "GET",
        "/api/tickets/{ticket_id:ticket}/attachments/{attachment_id}/thumbnail/",
    ): Verb.READ_TICKETS,
    ("DELETE", "/api/tickets/{ticket_id:ticket}/attachments/{attachment_id}/"): Verb.REPLY,
    ("GET", "/api/tickets/{ticket_id:ticket}/events/"): Verb.READ_TICKETS,
    ("GET", "/api/tickets/{ticket_id:ticket}/participants/"): Verb.READ_PEOPLE,
    ("POST", "/api/tickets/{ticket_id:ticket}/participants/"): Verb.CHANGE_TICKETS,
    (
        "DELETE",
        "/api/tickets/{ticket_id:ticket}/participants/{participant_id}/",
    ): Verb.CHANGE_TICKETS,
    ("GET", "/api/tickets/{ticket_id:ticket}/suggestions/"): Verb.READ_TRIAGE,
    ("GET", "/api/tickets/{ticket_id:ticket}/similar/"): Verb.READ_TRIAGE,
    ("POST", "/api/tickets/{ticket_id:ticket}/drafted-replies/"): Verb.ASK_PROVIDER,
    ("GET", "/api/tickets/{ticket_id:ticket}/drafted-replies/{draft_id}/"): Verb.ASK_PROVIDER,
    ("DELETE", "/api/tickets/{ticket_id:ticket}/drafted-replies/{draft_id}/"): Verb.ASK_PROVIDER,
    ("GET", "/api/tickets/stats/"): Verb.READ_FIGURES,
    ("POST", "/api/tickets/classify/"): Verb.FILE_TICKET,
    ("POST", "/api/tickets/suggest-title/"): Verb.FILE_TICKET,
    ("GET", "/api/triage/report/"): Verb.READ_TRIAGE,
    ("GET", "/api/me/"): Verb.USE_ACCOUNT,
    ("GET", "/api/me/tokens/"): Verb.USE_ACCOUNT,
    ("POST", "/api/me/tokens/"): Verb.USE_ACCOUNT,
    ("DELETE", "/api/me/tokens/{token_id}/"): Verb.USE_ACCOUNT,
    ("GET", "/api/audit/"): Verb.READ_AUDIT,
    ("GET", "/api/notifications/"): Verb.USE_NOTES,
    ("GET", "/api/notifications/unread/"): Verb.USE_NOTES,
    ("POST", "/api/notifications/read/"): Verb.CHANGE_TICKETS,
    ("GET", "/api/people/"): Verb.READ_PEOPLE,
    ("GET", "/api/people/{person_id}/"): Verb.READ_PEOPLE,
    ("PATCH", "/api/people/{person_id}/"): Verb.MANAGE_PEOPLE,
}
"""What each address needs. A new one fails until it is here."""
BESIDES = ("/api/docs", "/api/docs/files/swagger-ui.css", "/api/openapi.json", "/api/nope")
FORBIDDEN = (401, 403)

pytestmark = pytest.mark.usefixtures("attachments_folder")


def routes() -> set[tuple[str, str]]:
    """Returns method and path of every route of the API that is no form."""
    of_tickets = (tickets, messages, own_draft, drafts, attachments, history, participants)
    parts = (
        *of_tickets,
        triage,
        health,
        forms,
        single_sign_on,
        me,
        audit,
        directory,
        notifications,
    )
    all_routes = [route for part in parts for route in part.router.routes]
    found = [route for route in all_routes if isinstance(route, APIRoute)]
    return {
        (method, route.path) for route in found for method in route.methods or ()
    } - {("POST", path) for path in FORMS}  # fmt: skip


def send(client: TestClient, route: tuple[str, str], headers: dict[str, str]) -> Any:
    method, path = route
    body: dict[str, Any] = (
        {"description": "B"} if path.endswith(("classify/", "title/")) else TICKET
    )
    body = {"body": "Hello"} if path.endswith("messages/") else body
    body = {"person": "cid@example.com"} if path.endswith("participants/") else body
    body = DRAFT if path.endswith("/draft/") else body
    body = {"event_ids": [1]} if path.endswith("read/") else body
    body = {"name": "export"} if path.endswith(("tokens/", "{person_id}/")) else body
    address = path.replace("{ticket_id:ticket}", "1").replace("{token_id}", "999")
    address = address.replace("{person_id}", "999").replace("{attachment_id}", "999")
    address = address.replace("{participant_id}", "999").replace("{draft_id}", "999")
    if (method, address) == ("POST", "/api/tickets/1/attachments/"):
        return client.post(address, files={"file": ("a.txt", b"Hi")}, headers=headers)
    return client.request(
        method, address, json=body if method in ("POST", "PATCH") else None, headers=headers
    )


def test_every_address_has_its_decision() -> None:
    assert routes() == set(NEEDS)


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("who", ["nobody", "expired", "inactive", "waiting", "unknown", "forged"])
def test_nobody_gets_past_the_door(client: TestClient, team: Team, who: str) -> None:
    token = {"nobody": "", "unknown": "x" * 43, "forged": f"{team.agent[:-1]}!"}.get(who)
    headers = with_session(getattr(team, who) if token is None else token)
    for route, verb in NEEDS.items():
        answer = send(client, route, headers)
        if verb is None:
            assert answer.status_code == (200 if route[1] == HEALTH else 303)
        else:
            assert_problem(answer, 401, "sign_in_required")
            assert answer.headers["www-authenticate"]
    for address in BESIDES:
        assert_problem(client.get(address, headers=headers), 401, "sign_in_required")


@pytest.mark.rest_in_prove("database")
def test_without_a_factor_that_ones_role_needs_every_address_is_closed(
    client: TestClient, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_SECOND_FACTOR", "administrator")
    get_settings.cache_clear()
    identity.forget()
    for route, verb in NEEDS.items():
        answer = send(client, route, with_session(team.administrator))
        if route[1] == HEALTH:
            assert answer.json()["provider"] is None
        elif verb is None:
            assert answer.status_code == 303
        else:
            assert_problem(answer, 403, "second_factor_required")
    for address in BESIDES:
        answer = client.get(address, headers=with_session(team.administrator))
        assert_problem(answer, 403, "second_factor_required")
    assert client.get("/api/tickets/", headers=with_session(team.agent)).status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_a_session_may_what_its_role_may(client: TestClient, team: Team, role: Role) -> None:
    headers = with_session(getattr(team, role))
    client.post("/api/tickets/", json=TICKET, headers=with_session(team.agent))
    for route, verb in NEEDS.items():
        status = send(client, route, headers).status_code
        if verb is None or verb in ALLOWED[role]:
            assert status not in FORBIDDEN, route
        else:
            assert status == 403, route


@pytest.mark.rest_in_prove("database")
def test_who_has_signed_in_reads_the_documentation(client: TestClient, team: Team) -> None:
    for address in BESIDES[:-1]:
        assert client.get(address, headers=with_session(team.agent)).status_code == 200


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    ("proof", "status"),
    [
        ({"origin": "http://localhost"}, 200),
        ({"origin": "https://localhost:443"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({}, 401),
        ({"sec-fetch-site": "same-site"}, 401),
        ({"sec-fetch-site": "none"}, 401),
        ({"origin": "http://evil.example"}, 401),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 401),
        ({"origin": "null"}, 401),
        ({"origin": "http://localhost:3000"}, 401),
    ],
)
def test_a_cookie_changes_something_only_for_a_page_of_the_desk(
    client: TestClient, team: Team, proof: dict[str, str], status: int
) -> None:
    cookie = {"cookie": f"{COOKIE}={team.agent}"}
    client.post("/api/tickets/", json=TICKET, headers=cookie | OWN_PAGE)
    change = client.patch("/api/tickets/1/", json={"title": "C"}, headers=cookie | proof)
    assert change.status_code == status
    assert client.get("/api/tickets/1/", headers=cookie).status_code == 200


@pytest.mark.rest_in_prove("database")
def test_two_cookies_are_none(client: TestClient, team: Team) -> None:
    both = {"cookie": f"{COOKIE}={team.agent}; {COOKIE}={team.requester}"}
    assert client.get("/api/tickets/", headers=both).status_code == 401


@pytest.mark.rest_in_prove("database")
def test_an_extra_field_raises_no_role(client: TestClient, team: Team) -> None:
    headers = with_session(team.agent)
    client.post("/api/tickets/", json=TICKET | {"role": "administrator"}, headers=headers)
    body = {"title": "C", "role": "administrator", "identity": {"role": "administrator"}}
    client.patch("/api/tickets/1/", json=body, headers=headers)
    assert client.get("/api/health/", headers=headers).json()["provider"] is not None
    shown = client.get("/api/tickets/1/", headers=with_session(team.agent)).json()
    assert "role" not in shown


@pytest.mark.rest_in_prove("database")
def test_health_tells_nobody_what_an_attacker_wants(client: TestClient, team: Team) -> None:
    hidden = {"live": True, "ready": True, "database": None, "redis": None, "provider": None}
    assert client.get("/api/health/").json() == hidden
    assert client.get("/api/health/", headers=with_session(team.requester)).json() == hidden
    seen = client.get("/api/health/", headers=with_session(team.agent)).json()
    assert seen["database"]["state"] == "ok"


@pytest.mark.usefixtures("sqlite_database")
def test_the_refusal_comes_before_the_body() -> None:
    administrator()
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nobody reads this body")

    async def send_on(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-length", b"900000")]
    scope: Scope = {
        "type": "http", "method": "POST", "path": "/api/tickets/", "root_path": "",
        "query_string": b"", "headers": headers, "scheme": "http", "server": ("localhost", 80),
    }  # fmt: skip
    asyncio.run(make_api()(scope, receive, send_on))
    assert sent[0]["status"] == 401
    assert (b"connection", b"close") in sent[0]["headers"]
