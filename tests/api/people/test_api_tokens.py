"""API tokens: who makes them, what each may, and when one ends."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from harness.accounts import ADMINISTRATOR, PASSWORD_HASH
from tests.api.people.conftest import Team, with_session
from tests.api.people.test_rest_admission import FORBIDDEN, NEEDS, TICKET, send
from tests.api.test_problems import assert_problem
from ticket_app.actor import NOBODY, by_command, over_rest
from ticket_app.api.app import make_api
from ticket_app.data.engine import get_engine
from ticket_app.errors import NotAllowedError
from ticket_app.services.people import audit, identity, sessions
from ticket_app.services.people.accounts import invitations, rights
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.people.api_tokens.bearer import identify_bearer, record_token_uses
from ticket_app.services.people.permission import ALLOWED, OF_SCOPE
from ticket_app.services.people.tokens import COOKIE, digest
from ticket_app.vocabulary import Role, TokenScope

OK, UNAUTHORIZED, DENIED = [200, 201], [401, 401], [200, 403]


def make(client: TestClient, session: str, **values: Any) -> Any:
    """Makes a token by REST; returns the answer."""
    body = {"name": "export", "scope": "write"} | values
    return client.post("/api/me/tokens/", json=body, headers=with_session(session))


def bearing(token: str) -> dict[str, str]:
    """Returns the header of a program, which has no cookie and no page."""
    return {"authorization": f"Bearer {token}"}


def statuses(client: TestClient, headers: Any) -> list[int]:
    """Returns the statuses of a read and of a change."""
    read = client.get("/api/tickets/", headers=headers)
    filed = client.post("/api/tickets/", json=TICKET, headers=headers)
    return [read.status_code, filed.status_code]


def listed(client: TestClient, session: str) -> Any:
    return client.get("/api/me/tokens/", headers=with_session(session)).json()


def person_of(client: TestClient, session: str) -> int:
    return int(client.get("/api/me/", headers=with_session(session)).json()["id"])


def run_sql(statement: str) -> None:
    with get_engine().begin() as connection:
        connection.execute(text(statement))


def test_a_token_is_shown_once_and_stored_as_a_digest(client: TestClient, team: Team) -> None:
    answer = make(client, team.agent, name="  Nightly  ", scope="read", days=30)
    made = answer.json()
    token = made.pop("token")
    assert (answer.status_code, len(token), token[:5]) == (201, 48, "desk_")
    assert listed(client, team.agent) == [made]
    assert (made["name"], made["last_used_at"]) == ("Nightly", None)
    lives = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert lives == timedelta(days=30)
    with get_engine().connect() as connection:
        stored = connection.execute(text("SELECT * FROM api_token")).one()
    assert token not in str(stored) and stored.key == digest(token)
    for wrong in ({"days": 366}, {"days": 0}, {"name": "\u200b"}, {"scope": "all"}, {"role": "x"}):
        assert make(client, team.agent, **wrong).status_code == 422


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", list(TokenScope))
@pytest.mark.rest_in_prove("database")
def test_a_token_may_what_its_scope_and_its_owner_may(
    client: TestClient, team: Team, role: Role, scope: TokenScope
) -> None:
    made = make(client, getattr(team, role), scope=scope)
    if scope is TokenScope.ADMIN and role is not Role.ADMINISTRATOR:
        assert_problem(made, 422, "validation_failed")
        return
    headers = bearing(made.json()["token"])
    client.post("/api/tickets/", json=TICKET, headers=with_session(team.agent))
    for route, verb in NEEDS.items():
        status = send(client, route, headers).status_code
        if verb is None or verb in ALLOWED[role] & OF_SCOPE[scope]:
            assert status not in FORBIDDEN, route
        else:
            assert status == 403, route


def test_a_requesters_token_sees_their_own_tickets(client: TestClient, team: Team) -> None:
    headers = bearing(make(client, team.requester).json()["token"])
    client.post("/api/tickets/", json=TICKET, headers=with_session(team.agent))
    own = client.post("/api/tickets/", json=TICKET, headers=headers).json()["id"]
    assert [each["id"] for each in client.get("/api/tickets/", headers=headers).json()] == [own]


@pytest.mark.rest_in_prove("database")
def test_whoever_makes_tokens_all_the_time_is_told_when_to_go_on(
    client: TestClient, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "OWN_ACTS", 1)
    assert make(client, team.agent).status_code == 201
    answer = make(client, team.agent)
    assert_problem(answer, 429, "too_many_requests")
    assert 3_500 < int(answer.headers["retry-after"]) <= 3_600


WRONG = (
    *("", "desk_", "x" * 48, "desk_" + "x" * 43, "desk_" + "é" * 43, "desk_" + "x" * 9_000),
    *("desk_\udcff", "a b"),
)


@pytest.mark.rest_in_prove("database")
def test_beside_a_wrong_token_the_cookie_does_not_count(client: TestClient, team: Team) -> None:
    token = make(client, team.agent).json()["token"]
    cookie = with_session(team.agent)
    page = [(name.encode(), value.encode()) for name, value in cookie.items()]
    for wrong in (*WRONG, token[:-1], f"{token}=", team.agent, token.upper()):
        header = f"Bearer {wrong}".encode("utf-8", "surrogateescape")
        headers = [(b"authorization", header), *page]
        answer = client.get("/api/tickets/", headers=headers)
        assert_problem(answer, 401, "token_not_valid")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    two = [("authorization", f"Bearer {token}"), ("authorization", f"Bearer {team.agent}")]
    assert client.get("/api/tickets/", headers=two).status_code == 401
    # No session by a token, no token by a session, and the password of a proxy is none of ours.
    assert statuses(client, with_session(token)) == UNAUTHORIZED
    assert statuses(client, bearing(team.agent)) == UNAUTHORIZED
    assert statuses(client, cookie | {"authorization": "Basic YTpi"}) == OK
    assert statuses(client, {"authorization": "Basic YTpi"}) == UNAUTHORIZED
    assert statuses(client, {"authorization": f"bearer  {token}"}) == OK
    # The token's power alone: that of the owner's cookie beside it is not added.
    weak = bearing(make(client, team.agent, scope="read").json()["token"])
    assert statuses(client, cookie | weak) == DENIED


def test_a_token_ends_with_its_owner_and_falls_with_their_role(
    client: TestClient, team: Team
) -> None:
    headers = bearing(make(client, team.agent).json()["token"])
    client.post("/api/tickets/", json=TICKET, headers=headers)
    bea = person_of(client, team.agent)
    change: dict[str, Any] = {"headers": headers, "json": {"title": "C"}}
    assert client.patch("/api/tickets/1/", **change).status_code == 200
    rights.change_role(by_command(), bea, Role.REQUESTER)
    assert client.patch("/api/tickets/1/", **change).status_code == 403
    rights.set_active(by_command(), bea, False)
    assert statuses(client, headers) == UNAUTHORIZED


def test_a_revoked_token_ends_at_once_and_elsewhere_within_two_seconds(
    client: TestClient, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (make(client, team.agent).json() for _ in range(2))
    for made in (one, other):
        assert statuses(client, bearing(made["token"])) == OK
    foreign = with_session(team.administrator)
    address = f"/api/me/tokens/{one['id']}/"
    assert_problem(client.delete(address, headers=foreign), 404, "token_not_found")
    assert client.delete(address, headers=with_session(team.agent)).status_code == 204
    assert_problem(client.delete(address, headers=with_session(team.agent)), 404, "token_not_found")
    assert statuses(client, bearing(one["token"])) == UNAUTHORIZED
    run_sql("DELETE FROM api_token")  # by another process
    now = monotonic() + identity.CACHE_SECONDS
    monkeypatch.setattr(identity, "monotonic", lambda: now)
    assert statuses(client, bearing(other["token"])) == UNAUTHORIZED


def test_an_expired_token_ends(client: TestClient, team: Team) -> None:
    headers = bearing(make(client, team.agent).json()["token"])
    run_sql(
        "UPDATE api_token SET created_at = '2020-01-01 00:00:00.000000', "
        "expires_at = '2021-01-01 00:00:00.000000'"
    )
    assert statuses(client, headers) == UNAUTHORIZED
    assert len(listed(client, team.agent)) == 1


def test_an_expired_token_is_shown_for_a_month(client: TestClient, team: Team) -> None:
    made = make(client, team.agent, days=1).json()
    now = by_command().at

    def left_after(days: int) -> int:
        late = replace(by_command(), at=now + timedelta(days=days, seconds=5))
        assert not issuing.expire_tokens(late)
        return len(listed(client, team.agent))

    assert made["id"] and (left_after(30), left_after(31)) == (1, 0)


def test_the_use_of_a_token_is_recorded_once_a_minute_beside_the_request(
    client: TestClient, team: Team
) -> None:
    made = make(client, team.agent).json()

    def seen() -> Any:
        identity.forget()
        assert statuses(client, bearing(made["token"])) == OK
        before = listed(client, team.agent)[0]["last_used_at"]
        record_token_uses(by_command())
        return before, listed(client, team.agent)[0]["last_used_at"]

    first, second = seen(), seen()
    assert first[0] is None and first[1] is not None
    assert second == (first[1], first[1])


def test_a_person_has_so_many_tokens_at_most(
    client: TestClient, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "TOKENS_MAX", 2)
    assert [make(client, team.agent).status_code for _ in range(3)] == [201, 201, 409]
    assert make(client, team.requester).status_code == 201


@pytest.mark.rest_in_prove("database")
def test_a_token_makes_no_token_and_no_token_is_logged(
    client: TestClient, team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = make(client, team.administrator, scope="admin").json()["token"]
    body = {"name": "another"}
    answer = client.post("/api/me/tokens/", json=body, headers=bearing(token))
    assert_problem(answer, 403, "not_allowed")
    assert "token" in answer.json()["detail"]
    form = {"current": "x", "password": "y"}
    own_page = bearing(token) | {"origin": "http://localhost"}
    assert client.post("/api/account/password", data=form, headers=own_page).status_code == 403
    logged = [each.getMessage() for each in caplog.records if each.name.startswith("ticket_app")]
    assert token not in "\n".join(logged)


@pytest.mark.usefixtures("sqlite_database")
def test_an_open_desk_ignores_the_header() -> None:
    client = TestClient(make_api(), base_url="http://localhost")
    assert statuses(client, bearing("desk_" + "x" * 43)) == OK
    assert statuses(client, {"authorization": "nonsense"}) == OK
    assert client.get("/api/me/").status_code == 403


@pytest.mark.usefixtures("sqlite_database")
def test_a_page_of_an_allowed_origin_may_send_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://example.com")
    client = TestClient(make_api(), base_url="http://localhost")
    asked = {
        "origin": "https://example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    answer = client.options("/api/tickets/", headers=asked)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers


def test_a_token_is_no_cookie_for_the_pages(client: TestClient, team: Team) -> None:
    token = make(client, team.agent).json()["token"]
    assert client.get("/api/tickets/", headers={"cookie": f"{COOKIE}={token}"}).status_code == 401


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("ending", ["deactivated", "reset", "operator"])
def test_no_token_outlives_the_recovery_of_its_owners_account(
    client: TestClient, team: Team, ending: str
) -> None:
    ada = person_of(client, team.administrator)
    bea = person_of(client, team.agent)
    owner, session = (ada, team.administrator) if ending == "operator" else (bea, team.agent)
    headers = bearing(make(client, session).json()["token"])
    if ending == "deactivated":
        rights.set_active(by_command(), owner, False)
        rights.set_active(by_command(), owner, True)
    elif ending == "reset":
        invitations.use_link(
            over_rest(NOBODY), invitations.reset(by_command(), owner), PASSWORD_HASH
        )
    else:
        rights.create_administrator(by_command(), ADMINISTRATOR, None, PASSWORD_HASH)
    assert statuses(client, headers) == UNAUTHORIZED


def test_no_token_makes_a_link_for_a_password(client: TestClient, team: Team) -> None:
    ada = person_of(client, team.administrator)
    token = make(client, team.administrator, scope="admin").json()["token"]
    program = over_rest(asyncio.run(identify_bearer(token)))
    with pytest.raises(NotAllowedError):
        invitations.reset(program, ada)
    with pytest.raises(NotAllowedError):
        invitations.invite(program, "eve@example.com", None, Role.ADMINISTRATOR)


def test_no_token_ends_the_sessions_of_its_owner(client: TestClient, team: Team) -> None:
    ada = person_of(client, team.administrator)
    token = make(client, team.administrator, scope="admin").json()["token"]
    program = over_rest(asyncio.run(identify_bearer(token)))
    with pytest.raises(NotAllowedError):
        sessions.end_all(program, ada)
    assert client.get("/api/me/", headers=with_session(team.administrator)).status_code == 200
