"""The history of a ticket over REST."""

import pytest
from starlette.testclient import TestClient

from tests.api.test_problems import assert_problem
from ticket_app.api.app import make_api

EVENTS = "/api/tickets/1/events/"


@pytest.fixture
def client(sqlite_database: str) -> TestClient:
    """A client of a desk with one ticket, without accounts; the services run on both databases."""
    client = TestClient(make_api(), raise_server_exceptions=False)
    client.post("/api/tickets/", json={"title": "A", "description": "B"})
    return client


def test_what_happened_comes_in_pages_newest_first(client: TestClient) -> None:
    client.patch("/api/tickets/1/", json={"status": "in_progress"})
    note = client.post("/api/tickets/1/messages/", json={"body": "Ask Cay.", "kind": "note"})
    address, read = f"{EVENTS}?limit=2", []
    for _ in range(3):
        page = client.get(address)
        read += page.json()
        if "next" not in page.links:
            break
        address = page.links["next"]["url"]
    assert [each["kind"] for each in read] == ["noted", "changed", "created"]
    noted, changed, _ = read
    assert noted["new_value"] == str(note.json()["id"])
    assert {name: value for name, value in changed.items() if name not in ("id", "created_at")} == {
        "kind": "changed",
        "field": "status",
        "old_value": "open",
        "new_value": "in_progress",
        "edge": "rest",
        "actor": "anyone",
        "actor_id": None,
        "actor_name": None,
        "old_name": None,
        "new_name": None,
    }
    assert [each["id"] for each in read] == sorted((each["id"] for each in read), reverse=True)


def test_a_history_has_bounds(client: TestClient) -> None:
    for query in ("limit=201", "limit=0", "before=0", "after=1"):
        assert_problem(client.get(f"{EVENTS}?{query}"), 422, "validation_failed")
    assert_problem(client.get("/api/tickets/2/events/"), 404, "ticket_not_found")
