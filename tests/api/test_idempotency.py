"""A repeated request files no second ticket, whether or not the first answer arrived."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from harness.actors import over_rest
from tests.services.desk import PLAIN, all_tickets, events_of, suggestions_of
from ticket_app.api.tickets.tickets import FILING, open_ticket
from ticket_app.data.engine import write_transaction
from ticket_app.data.tickets.tables import IdempotencyKey
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.tickets.filing import Filed, Request

STORED_FIELDS = (
    *("title", "description", "category", "priority", "status", "sentiment", "urgency_score"),
    *("requester_name", "requester_email", "created_at", "updated_at", "resolved_at", "version"),
    *("triage_status", "engine", "category_by", "priority_by"),
)
"""The fields of a response that an earlier version stored. A later field is not added here, because
a key outlives the start of a new version."""
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def post(client: TestClient, key: dict[str, str] = KEY, **fields: Any) -> Any:
    """Returns the answer to a create with this key and these fields."""
    return client.post("/api/tickets/", json=PLAIN | fields, headers=key)


def test_the_same_request_again_is_answered_as_first(client: TestClient) -> None:
    first = post(client)
    ticket_id = first.json()["id"]
    client.patch(f"/api/tickets/{ticket_id}/", json={"title": "Changed since"})
    again = post(client)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.text == first.text
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    client.delete(f"/api/tickets/{ticket_id}/")
    assert post(client).text == first.text
    assert all_tickets() == []


def test_a_response_that_an_earlier_version_stored_is_given_again(client: TestClient) -> None:
    first = post(client).json()
    with write_transaction() as session:
        stored = session.scalars(select(IdempotencyKey)).one()
        fields = json.loads(stored.ticket)
        stored.ticket = json.dumps({name: fields[name] for name in STORED_FIELDS})
    again = post(client)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json().items() >= {name: first[name] for name in STORED_FIELDS}.items()


def test_a_repeated_request_stores_one_ticket_with_one_history(client: TestClient) -> None:
    for _ in range(3):
        post(client)
    (ticket,) = all_tickets()
    assert [event.kind for event in events_of(ticket.id)] == ["created"]
    assert len(suggestions_of(ticket.id)) == 5
    assert client.get("/api/tickets/stats/").json()["total_tickets"] == 1
    assert post(client, {}).json()["id"] == ticket.id + 1  # a replay takes no id


def test_a_request_is_the_same_if_its_values_are(client: TestClient) -> None:
    first = post(client)
    spaced = post(client, title=f"  {PLAIN['title']} ", status="open", requester_name=" ")
    assert spaced.text == first.text
    turned = json.dumps(dict(reversed(PLAIN.items())), indent=2)
    headers = KEY | {"Content-Type": "application/json"}
    assert client.post("/api/tickets/", content=turned, headers=headers).text == first.text


@pytest.mark.parametrize("other", [{"title": "Other"}, {"priority": "low"}, {"status": "closed"}])
def test_a_key_that_was_used_for_another_body_is_refused(
    client: TestClient, other: dict[str, Any]
) -> None:
    ticket_id = post(client).json()["id"]
    refused = post(client, **other)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "idempotency_key_reused"
    assert f"ticket {ticket_id}" in refused.json()["detail"]
    assert len(all_tickets()) == 1


def test_other_keys_and_no_key_file_tickets_of_their_own(client: TestClient) -> None:
    answers = [post(client, key) for key in ({}, {}, KEY, {"Idempotency-Key": "another"})]
    assert len({answer.json()["id"] for answer in answers}) == 4
    assert not any("idempotency-replayed" in answer.headers for answer in answers)


def test_a_request_that_was_refused_leaves_its_key_free(client: TestClient) -> None:
    assert post(client, title="").status_code == 422
    assert post(client).status_code == 201
    assert len(all_tickets()) == 1


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "é".encode("latin-1"), b"a\x7fb"])
def test_a_key_that_is_none_is_refused(client: TestClient, key: Any) -> None:
    refused = post(client, {"Idempotency-Key": key})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["Idempotency-Key"]
    assert all_tickets() == []
    assert post(client, {"Idempotency-Key": "x" * 255}).status_code == 201


@pytest.mark.rest_in_prove("database")
def test_the_openapi_document_names_the_key_and_the_header(client: TestClient) -> None:
    operation = client.get("/api/openapi.json").json()["paths"]["/api/tickets/"]["post"]
    (key,) = operation["parameters"]
    assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", False)
    assert "Idempotency-Replayed" in operation["responses"]["201"]["headers"]
    assert operation["responses"]["201"]["content"]["application/json"]["schema"]
    assert "idempotency_key_reused" in operation["responses"]["422"]["description"]


@pytest.mark.usefixtures("database")
def test_requests_that_arrive_together_share_a_ticket_or_are_told_apart() -> None:
    plain = TicketCreate.model_validate(PLAIN)
    other = TicketCreate.model_validate(PLAIN | {"title": "Other"})
    wanted = [
        *(Request(over_rest(), plain, "one") for _ in range(5)),
        Request(over_rest(), plain),
        Request(over_rest(), other, "one"),
        Request(over_rest(), other, "two"),
        Request(over_rest(), other, "two"),
        Request(over_rest(), plain),
    ]

    async def file_all() -> list[object]:
        return await asyncio.gather(*(FILING.submit(each) for each in wanted))

    outcomes = asyncio.run(file_all())
    filed = [one for one in outcomes if isinstance(one, Filed)]
    assert Counter(one.ticket.title for one in filed) == {PLAIN["title"]: 7, "Other": 2}
    assert Counter(one.replayed for one in filed) == {False: 4, True: 5}
    assert len({one.ticket.id for one in filed}) == 4
    assert getattr(outcomes[6], "code", None) == "idempotency_key_reused"
    assert len(all_tickets()) == 4


@pytest.mark.usefixtures("database")
def test_what_the_endpoint_answers_at_once_is_one_ticket() -> None:
    new = TicketCreate.model_validate(PLAIN)

    async def file_all() -> list[Any]:
        return await asyncio.gather(*(open_ticket(over_rest(), new, "the same") for _ in range(20)))

    answers = asyncio.run(file_all())
    assert len({answer.body for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None] + ["true"] * 19
    assert len(all_tickets()) == 1
