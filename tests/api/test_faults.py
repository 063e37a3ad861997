"""REST files the ticket at once and shows no secret, whatever the provider does."""

import logging
import time

import pytest
from sqlalchemy import select
from sqlmodel import col
from starlette.testclient import TestClient

from harness.fake_provider import FakeProvider, Script
from tests.triage.conftest import KEY
from tests.triage.provider.test_faults import ENDLESS, FAULTS
from ticket_app.api.app import make_api
from ticket_app.data.engine import read_transaction
from ticket_app.data.triage.tables import TriageCall
from ticket_app.services.triage import ledger
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.offline import triage_offline
from ticket_app.triage.provider import attempts
from ticket_app.triage.provider.client import load_litellm
from ticket_app.triage.provider.single_flight import SingleFlight

TICKET = {
    "title": "Charged after the end",
    "description": "I was charged after I cancelled, says Wilhelmina Quagmire.",
}
DEADLINE = 1.0
"""Seconds for a provider that never answers. Other providers have TIME_ENOUGH, because a slow
machine must not cause a timeout."""
TIME_ENOUGH = 20.0
SLACK_SECONDS = 4.0
"""For a busy machine."""


@pytest.fixture(scope="module", autouse=True)
def _first_call() -> None:
    """Make a first call, so that the imports of LiteLLM do not count as a slow provider."""
    with FakeProvider() as fake:
        load_litellm().completion(
            model="openai/any", base_url=fake.base_url, api_key=KEY,
            messages=[{"role": "user", "content": "anything"}],
        )  # fmt: skip


@pytest.mark.rest_in_prove("name")
@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("name", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize("script", FAULTS)
def test_a_faulty_provider_delays_and_loses_nothing(
    name: str,
    script: Script,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(attempts, "FIRST_PAUSE_SECONDS", 0.02)
    seconds = DEADLINE if script in ENDLESS else TIME_ENOUGH
    rules = triage_offline(TICKET["description"])
    with FakeProvider(script) as fake, TestClient(make_api()) as client:
        monkeypatch.setenv("AI_PROVIDER", name)
        monkeypatch.setenv(f"{name.upper()}_API_KEY", KEY)
        monkeypatch.setenv("AI_BASE_URL", fake.base_url)
        monkeypatch.setenv("AI_INTERACTIVE_SECONDS", str(seconds))
        get_settings.cache_clear()
        for attribute, fresh in (
            ("_single_flight", SingleFlight()),
            ("_breakers", {}),
            ("_last_failures", {}),
        ):
            monkeypatch.setattr(engine, attribute, fresh)
        filed = client.post("/api/tickets/", json=TICKET)
        assert fake.received == []  # filing calls no provider
        started = time.perf_counter()
        asked = client.post("/api/tickets/classify/", json={"description": TICKET["description"]})
        taken = time.perf_counter() - started
        health = client.get("/api/health/")
        ledger.flush()
    assert (filed.status_code, asked.status_code) == (201, 200)
    assert filed.json()["category"] == asked.json()["suggested_category"] == rules.category.value
    assert filed.json()["priority"] == asked.json()["suggested_priority"] == rules.priority.value
    assert asked.json()["engine"] == "offline"
    assert taken < seconds + SLACK_SECONDS
    with read_transaction() as session:
        outcomes = list(session.scalars(select(col(TriageCall.outcome))))
    assert outcomes[-1] == health.json()["provider"]["last_failure"] == FAULTS[script]
    written = "".join((filed.text, asked.text, health.text, caplog.text, *capfd.readouterr()))
    assert KEY not in written
    assert "stranger wrote" not in written  # the prompt
    assert "Quagmire" not in caplog.text
