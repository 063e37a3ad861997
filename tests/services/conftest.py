"""A provider for the services: LiteLLM's real client, loopback at the other end."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import pytest

from tests.triage.fake_provider import FakeProvider, Script
from ticket_app.services.triage import ledger
from ticket_app.settings import get_settings
from ticket_app.triage import engine, shapes
from ticket_app.triage.flights import Flights
from ticket_app.triage.provider import load_litellm

Providing = Callable[[Script], FakeProvider]


@pytest.fixture
def providing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Providing]:
    """Start a provider that behaves so, and have the desk ask it until the test ends."""
    load_litellm()
    started: list[FakeProvider] = []

    def start(script: Script) -> FakeProvider:
        fake = FakeProvider(script)
        started.append(fake.__enter__())
        monkeypatch.setenv("AI_PROVIDER", "openai")
        monkeypatch.setenv("AI_BASE_URL", fake.base_url)
        monkeypatch.setenv("AI_MODEL", "a-model")
        get_settings.cache_clear()
        monkeypatch.setattr(engine, "_flights", Flights())
        monkeypatch.setattr(engine, "_breakers", {})
        monkeypatch.setattr(engine, "_last_failures", {})
        monkeypatch.setattr(shapes.shapes, "_known", OrderedDict())
        monkeypatch.setattr(ledger, "_refused_in", {})
        return fake

    yield start
    ledger.flush()
    for fake in started:
        fake.__exit__(None, None, None)
