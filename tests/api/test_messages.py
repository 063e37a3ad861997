"""Messages of a ticket over REST."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.test_problems import assert_problem
from ticket_app.api.app import make_api

TICKET = {"title": "A", "description": "B"}
MESSAGES = "/api/tickets/1/messages/"


@pytest.fixture
def client(sqlite_database: str) -> TestClient:
    """A client of a desk with one ticket, without accounts; the services run on both databases."""
    client = TestClient(make_api(), raise_server_exceptions=False)
    client.post("/api/tickets/", json=TICKET)
    return client


def post(client: TestClient, **message: Any) -> Any:
    answer = client.post(MESSAGES, json=message)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_reply_is_posted_and_read_and_the_ticket_waits_no_more(client: TestClient) -> None:
    waiting = client.get("/api/tickets/1/").json()
    assert waiting["waiting_since"] == waiting["created_at"]
    reply = post(client, body="**Look** into it.")
    assert (reply["kind"], reply["from"], reply["channel"]) == ("reply", "team", "rest")
    assert client.get(MESSAGES).json() == [reply]
    answered = client.get("/api/tickets/1/").json()
    assert (answered["waiting_since"], answered["first_responded_at"]) == (
        None,
        reply["created_at"],
    )
    stats = client.get("/api/tickets/stats/").json()
    assert (stats["answered_tickets"], stats["waiting_tickets"]) == (1, stats["total_tickets"] - 1)
    own = post(client, body="It is back.", **{"from": "requester"})
    assert client.get("/api/tickets/1/").json()["waiting_since"] == own["created_at"]


def test_a_long_conversation_comes_in_pages(client: TestClient) -> None:
    for number in range(5):
        post(client, body=f"Message {number}", kind="note")
    address, read = f"{MESSAGES}?limit=2", []
    for _ in range(4):
        page = client.get(address)
        read += [each["body"] for each in page.json()]
        if "next" not in page.links:
            break
        address = page.links["next"]["url"]
    assert read == [f"Message {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({}, "body"),
        ({"body": "\u200b"}, "body"),
        ({"body": "x" * 20_001}, "body"),
        ({"body": "Hello", "kind": "shout"}, "kind"),
        ({"body": "Hello", "from": "eve"}, "from"),
        ({"body": "Hello", "author_id": 1}, "author_id"),
    ],
)
def test_a_wrong_message_is_told_and_posts_nothing(
    client: TestClient, message: dict[str, Any], field: str
) -> None:
    problem = assert_problem(client.post(MESSAGES, json=message), 422, "validation_failed")
    assert [each["field"] for each in problem["errors"]] == [field]
    assert client.get(MESSAGES).json() == []


def test_a_ticket_that_is_not_there_has_no_messages(client: TestClient) -> None:
    for answer in (
        client.get("/api/tickets/2/messages/"),
        client.post("/api/tickets/2/messages/", json={"body": "Hello"}),
    ):
        assert_problem(answer, 404, "ticket_not_found")
