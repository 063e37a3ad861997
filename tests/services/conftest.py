"""A provider for the tests of services: LiteLLM's real client against a fake on loopback."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import pytest

from harness.fake_provider import FakeProvider, Script
from ticket_app.services.triage import ledger
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.provider import capabilities
from ticket_app.triage.provider.client import load_litellm
from ticket_app.triage.provider.single_flight import SingleFlight

Providing = Callable[[Script], FakeProvider]


@pytest.fixture
def providing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Providing]:
    """Returns a function that starts a fake provider and configures the desk for it."""
    load_litellm()
    started: list[FakeProvider] = []

    def start(script: Script) -> FakeProvider:
        fake = FakeProvider(script)
        started.append(fake.__enter__())
        monkeypatch.setenv("AI_PROVIDER", "openai")
        monkeypatch.setenv("AI_BASE_URL", fake.base_url)
        monkeypatch.setenv("AI_MODEL", "a-model")
        get_settings.cache_clear()
        monkeypatch.setattr(engine, "_single_flight", SingleFlight())
        monkeypatch.setattr(engine, "_breakers", {})
        monkeypatch.setattr(engine, "_last_failures", {})
        monkeypatch.setattr(capabilities.model_capabilities, "_known", OrderedDict())
        monkeypatch.setattr(ledger, "_refused_in", {})
        return fake

    yield start
    ledger.flush()
    for fake in started:
        fake.__exit__(None, None, None)
