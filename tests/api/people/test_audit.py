"""GET /api/audit/: administrators read what happened, by filters and in pages."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from harness.accounts import ADMINISTRATOR, PASSWORD
from tests.api.people.conftest import OWN_PAGE, Team, with_session
from tests.api.people.test_rest_admission import TICKET
from tests.api.test_problems import assert_problem
from ticket_app.actor import by_command
from ticket_app.data.engine import write_transaction
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.people.audit import audit
from ticket_app.vocabulary import AuditAction, Role, TokenScope

Entries = list[dict[str, Any]]


def read(client: TestClient, team: Team, **filters: Any) -> Entries:
    answer = client.get("/api/audit/", params=filters, headers=with_session(team.administrator))
    assert answer.status_code == 200, answer.text
    found: Entries = answer.json()
    return found


def actions(entries: Entries) -> list[str]:
    return [each["action"] for each in entries]


def written(minutes: int, action: AuditAction, **entry: Any) -> None:
    """Writes an entry of so many minutes ago."""
    actor = by_command()
    actor = replace(actor, at=actor.at - timedelta(minutes=minutes))
    with write_transaction() as session:
        audit(session, actor, action, **entry)


def test_an_entry_names_who_acted_whom_it_is_about_and_where_from(
    client: TestClient, team: Team
) -> None:
    headers = with_session(team.administrator)
    ada = client.get("/api/me/", headers=headers).json()["id"]
    ticket = client.post("/api/tickets/", json=TICKET, headers=headers).json()["id"]
    client.delete(f"/api/tickets/{ticket}/", headers=headers)
    client.post("/api/me/tokens/", json={"name": "export"}, headers=headers)
    form = {"email": ADMINISTRATOR, "password": "x" + PASSWORD}
    client.post("/api/sign-in/", data=form, headers=OWN_PAGE)
    failed, made, deleted, *_ = read(client, team)
    at = failed.pop("created_at"), failed.pop("id")
    assert at > (made["created_at"], made["id"]) and at[0].endswith("Z")
    known = {"who": "anyone", "edge": "rest", "client_address": "testclient"}
    assert failed == known | {
        "action": "sign_in_failed",
        "actor_id": None,
        "actor_name": None,
        "person_id": ada,
        "person_name": "ada",
        "ticket_id": None,
        "detail": "wrong password",
    }
    assert made.items() >= (known | {"action": "token_made", "actor_id": ada}).items()
    assert made["actor_name"] == "ada" and made["detail"].endswith("(read)")
    assert deleted.items() >= (known | {"action": "ticket_deleted", "ticket_id": ticket}).items()


def test_filters_narrow_and_pages_follow(client: TestClient, team: Team) -> None:
    rob = directory.find_person(by_command(), "rob@example.com").id
    rights.change_role(by_command(), rob, Role.AGENT)
    rights.set_active(by_command(), rob, False)
    of_rob = ["deactivated", "role_changed", "sign_in", "password_set", "invited"]
    assert actions(read(client, team, person=rob)) == of_rob
    assert actions(read(client, team, person=rob, action=["sign_in", "invited"])) == [
        "sign_in",
        "invited",
    ]
    assert read(client, team, actor=rob) == []
    whole = read(client, team, limit=100)
    for limit in (1, 2, 3):
        seen: Entries = []
        address = f"/api/audit/?limit={limit}"
        while address:
            answer = client.get(address, headers=with_session(team.administrator))
            assert len(answer.json()) <= limit
            seen += answer.json()
            address = answer.links.get("next", {}).get("url", "")
        assert seen == whole
    several = read(client, team, action=["invited", "sign_in", "invited"], limit=3)
    assert several == [each for each in whole if each["action"] in ("invited", "sign_in")][:3]


def test_whom_an_entry_involves_acted_or_was_acted_upon(client: TestClient, team: Team) -> None:
    headers = with_session(team.agent)
    bea = client.get("/api/me/", headers=headers).json()["id"]
    ticket = client.post("/api/tickets/", json=TICKET, headers=headers).json()["id"]
    client.delete(f"/api/tickets/{ticket}/", headers=headers)
    client.post("/api/me/tokens/", json={"name": "export"}, headers=headers)
    rights.set_active(by_command(), bea, False)
    involving = read(client, team, involving=bea)
    assert actions(involving)[:3] == ["deactivated", "token_made", "ticket_deleted"]
    whole = read(client, team, limit=100)
    assert involving == [each for each in whole if bea in (each["actor_id"], each["person_id"])]


def test_times_narrow_exactly(client: TestClient, team: Team) -> None:
    for minutes in (30, 10, 20):
        written(minutes, AuditAction.RESET_LINK, detail=str(minutes))
    old = {each["detail"]: each for each in read(client, team, action="reset_link")}
    assert list(old) == ["10", "20", "30"]  # by time, whichever was written first
    since, until = old["20"]["created_at"], old["10"]["created_at"]
    within = read(client, team, since=since, until=until)
    assert [each["detail"] for each in within] == ["20"]
    zoned = since.replace("Z", "+00:00")
    assert read(client, team, since=zoned, until=until) == within
    assert read(client, team, since="2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "hugged"},
        {"person": "0"},
        {"person": "01"},
        {"actor": str(2**63)},
        {"since": "yesterday"},
        {"since": "2026-02-30T00:00:00Z"},
        {"since": "2026-02-03T00:00:00"},
        {"until": "1764700000"},
        {"until": "0001-01-01T00:00:00+14:00"},
        {"limit": "101"},
        {"cursor": "1"},
        {"name": "ada"},
    ],
    ids=str,
)
@pytest.mark.rest_in_prove("database")
def test_wrong_filters_are_told(client: TestClient, team: Team, wrong: dict[str, str]) -> None:
    headers = with_session(team.administrator)
    problem = client.get("/api/audit/", params=wrong, headers=headers)
    assert_problem(problem, 422, "validation_failed")
    assert [each["field"] for each in problem.json()["errors"]] == [
        "action.0" if "action" in wrong else next(iter(wrong))
    ]


def test_only_administrators_read_it(client: TestClient, team: Team) -> None:
    for session in (team.agent, team.requester):
        assert_problem(client.get("/api/audit/", headers=with_session(session)), 403, "not_allowed")
    statuses = {}
    for scope in TokenScope:
        new = {"name": "x", "scope": scope}
        made = client.post("/api/me/tokens/", json=new, headers=with_session(team.administrator))
        headers = {"authorization": f"Bearer {made.json()['token']}"}
        statuses[scope] = client.get("/api/audit/", headers=headers).status_code
    assert statuses == {TokenScope.READ: 403, TokenScope.WRITE: 403, TokenScope.ADMIN: 200}


def test_an_open_desk_shows_nobody_its_audit(client: TestClient) -> None:
    assert_problem(client.get("/api/audit/"), 403, "not_allowed")
