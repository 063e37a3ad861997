"""Drafted replies over REST: asked for, sent, thrown away; refusals, and clients that leave."""

import asyncio
import threading
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from harness.fake_provider import Script
from tests.api.test_problems import assert_problem
from tests.services.conftest import Providing
from tests.services.drafting.desk import (
    ADVICE,
    DRAFT,
    answered_ticket,
    answering,
    asked_ticket,
    settled,
)
from ticket_app.api.app import make_api
from ticket_app.services.people import caps
from ticket_app.services.people.caps import Cap
from ticket_app.settings import get_settings

pytestmark = pytest.mark.usefixtures("sqlite_database")


@pytest.fixture
def client() -> TestClient:
    return TestClient(make_api(), raise_server_exceptions=False)


def test_a_draft_is_asked_for_sent_and_read_again(client: TestClient, providing: Providing) -> None:
    source, ticket = answered_ticket(), asked_ticket()
    answering(providing(Script.GOOD), f"Hello. {ADVICE}")
    answer = client.post(f"/api/tickets/{ticket}/drafted-replies/")
    draft = answer.json()
    assert (answer.status_code, draft["body"], draft["sources"]) == (
        201,
        f"Hello. {ADVICE}",
        [source],
    )
    assert draft["copied"] == [{"start": 7, "end": 7 + len(ADVICE) - 1, "ticket_id": source}]
    sent = client.post(f"/api/tickets/{ticket}/messages/", json={"body": draft["body"]}).json()
    address = f"/api/tickets/{ticket}/drafted-replies/{draft['id']}/"
    found = client.get(address).json()
    assert (found["outcome"], found["message_id"]) == ("as_it_was", sent["id"])
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["outcome"] == "as_it_was"
    assert_problem(client.get(address.replace(f"/{draft['id']}/", "/999/")), 404, "draft_not_found")


def test_refusals_say_why(
    client: TestClient, providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/api/tickets/{asked_ticket()}/drafted-replies/"
    assert_problem(client.post(address), 409, "no_provider")
    providing(Script.HANG)
    monkeypatch.setenv("AI_BACKGROUND_SECONDS", "0.3")
    get_settings.cache_clear()
    assert_problem(client.post(address), 504, "draft_timeout")
    assert_problem(client.post("/api/tickets/999/drafted-replies/"), 404, "ticket_not_found")
    monkeypatch.setenv("AI_DAILY_BUDGET_USD", "0")
    monkeypatch.setenv("AI_MODEL", "gpt-4o-mini")
    get_settings.cache_clear()
    assert_problem(client.post(address), 503, "draft_over_budget")


def test_a_person_asks_for_so_many_an_hour(
    client: TestClient, providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "DRAFTS_OF_PERSON", Cap(2, 3600.0))
    address = f"/api/tickets/{asked_ticket()}/drafted-replies/"
    fake = providing(Script.GOOD)
    answering(fake, DRAFT)
    assert [client.post(address).status_code for _ in range(2)] == [201, 201]
    refused = client.post(address)
    assert_problem(refused, 429, "too_many_requests")
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    assert len(fake.received) == 2


def test_the_call_ends_with_its_client(providing: Providing) -> None:
    ticket = asked_ticket()
    fake = providing(Script.GOOD)
    answering(fake, DRAFT)
    arrived, free = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        free.wait(20)

    fake.during_call = hold
    coming: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if coming:
            return coming.pop()
        await asyncio.to_thread(arrived.wait, 20)
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Nobody reads the answer."""

    path = f"/api/tickets/{ticket}/drafted-replies/"
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": path, "root_path": "", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-length", b"0")], "scheme": "http",
        "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    asyncio.run(make_api()(scope, receive, send))
    free.set()
    assert settled(1) == ["cancelled"]
