"""People over REST: the team reads them, and administrators change them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.people.conftest import Team, with_session
from tests.api.people.test_api_tokens import bearing, make, person_of
from tests.api.test_problems import assert_problem
from ticket_app.api.app import make_api


def listed(client: TestClient, session: str, query: str = "") -> Any:
    return client.get(f"/api/people/{query}", headers=with_session(session))


def test_the_team_reads_people_in_pages(client: TestClient, team: Team) -> None:
    first = listed(client, team.agent, "?limit=2&search=example.com")
    assert [each["email"] for each in first.json()] == ["ada@example.com", "bea@example.com"]
    assert set(first.json()[0]) == {"id", "name", "email", "role", "active", "has_account"}
    link = first.headers["link"]
    assert link.startswith("</api/people/?limit=2&search=example.com&after=")
    following = client.get(link[1:].partition(">")[0], headers=with_session(team.agent))
    assert [each["name"] for each in following.json()] == ["rob", "gone"]
    assert "link" not in following.headers
    bea = person_of(client, team.agent)
    one = client.get(f"/api/people/{bea}/", headers=with_session(team.agent))
    assert one.json() == first.json()[1]
    none = client.get("/api/people/999/", headers=with_session(team.agent))
    assert_problem(none, 404, "person_not_found")
    for wrong in ("?limit=101", "?limit=0", "?after=0", "?active=1", "?role=boss", "?rolle=agent"):
        assert_problem(listed(client, team.agent, wrong), 422, "validation_failed")


def test_a_requester_sees_nobody(client: TestClient, team: Team) -> None:
    assert_problem(listed(client, team.requester), 403, "not_allowed")
    for person in (person_of(client, team.agent), 999):
        answer = client.get(f"/api/people/{person}/", headers=with_session(team.requester))
        assert_problem(answer, 403, "not_allowed")


def change(client: TestClient, session: str, person: int, **values: Any) -> Any:
    return client.patch(f"/api/people/{person}/", json=values, headers=with_session(session))


def test_an_administrator_changes_a_person(client: TestClient, team: Team) -> None:
    bea, ada = person_of(client, team.agent), person_of(client, team.administrator)
    assert_problem(change(client, team.agent, bea, role="administrator"), 403, "not_allowed")
    named = change(client, team.administrator, bea, name=" Bea Luz ")
    assert (named.status_code, named.json()["name"]) == (200, "Bea Luz")
    assert listed(client, team.agent).status_code == 200  # a name ends no session
    lowered = change(client, team.administrator, bea, role="requester", active=True)
    assert lowered.json()["role"] == "requester"
    assert listed(client, team.agent).status_code == 401
    for wrong in ({"active": "yes"}, {"name": " "}, {"role": None}, {"email": "x@y.org"}):
        assert_problem(change(client, team.administrator, bea, **wrong), 422, "validation_failed")
    last = change(client, team.administrator, ada, active=False, name="Nobody")
    assert_problem(last, 409, "last_administrator")
    assert listed(client, team.administrator, "?role=administrator").json()[0]["name"] == "ada"
    assert_problem(change(client, team.administrator, 999, name="X"), 404, "person_not_found")


@pytest.mark.parametrize("extra", [{"role": "administrator"}, {"scope": "admin"}, {"id": 1}])
def test_no_extra_field_raises_a_role(
    client: TestClient, team: Team, extra: dict[str, Any]
) -> None:
    headers = with_session(team.requester)
    new = {"title": "A", "description": "B", "requester_email": "rob@example.com"}
    assert client.post("/api/tickets/", json=new | extra, headers=headers).status_code == 422
    answer = client.post("/api/me/tokens/", json={"name": "x"} | extra, headers=headers)
    assert answer.status_code == 422
    assert client.patch("/api/me/", json=extra, headers=headers).status_code == 405
    assert client.get("/api/me/", headers=headers).json()["role"] == "requester"


def test_a_scope_of_a_token_reads_or_changes_people(client: TestClient, team: Team) -> None:
    rob = person_of(client, team.requester)
    for scope, status in (("read", 403), ("write", 403), ("admin", 200)):
        headers = bearing(make(client, team.administrator, scope=scope).json()["token"])
        assert client.get(f"/api/people/{rob}/", headers=headers).status_code == 200
        answer = client.patch(f"/api/people/{rob}/", json={"name": "Rob"}, headers=headers)
        assert answer.status_code == status


@pytest.mark.usefixtures("sqlite_database")
def test_an_open_desk_reads_people_and_changes_none() -> None:
    client = TestClient(make_api(), base_url="http://localhost")
    new = {"title": "A", "description": "B", "requester_email": "Ana@example.com"}
    client.post("/api/tickets/", json=new)
    (ana,) = client.get("/api/people/?search=ana").json()
    assert (ana["email"], ana["role"], ana["has_account"]) == (
        "ana@example.com",
        "requester",
        False,
    )
    answer = client.patch(f"/api/people/{ana['id']}/", json={"role": "administrator"})
    assert_problem(answer, 403, "not_allowed")
