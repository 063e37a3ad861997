"""The environment of the triage tests: no .env file, and no provider key of the developer."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import pytest

from tests.triage.journal import MemoryJournal
from ticket_app.settings import Settings, get_settings
from ticket_app.triage import engine
from ticket_app.triage.provider import capabilities
from ticket_app.triage.provider.single_flight import SingleFlight

KEY = "key-that-nobody-may-see"
Configure = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def no_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings come only from what the test sets, and every cache is empty."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ENV_FILE", "/dev/null")
    monkeypatch.setattr(engine, "_single_flight", SingleFlight())
    monkeypatch.setattr(engine, "_breakers", {})
    monkeypatch.setattr(engine, "_last_failures", {})
    monkeypatch.setattr(capabilities.model_capabilities, "_known", OrderedDict())
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Returns a function that configures this provider at this URL."""

    def set_provider(name: str, url: str) -> None:
        monkeypatch.setenv("AI_PROVIDER", name)
        monkeypatch.setenv("AI_BASE_URL", url)
        for variable in ("OPENAI_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY"):
            monkeypatch.setenv(variable, KEY)
        get_settings.cache_clear()

    return set_provider


@pytest.fixture
def journal() -> MemoryJournal:
    """An empty journal for the calls of a test."""
    return MemoryJournal()
