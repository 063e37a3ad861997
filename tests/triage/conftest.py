"""The environment of the triage tests: no .env, no key of the person who runs them."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

import pytest

from tests.triage.journal import KeptCalls
from ticket_app.settings import Settings, get_settings
from ticket_app.triage import engine, shapes
from ticket_app.triage.flights import Flights

KEY = "key-that-nobody-may-see"
Configure = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def no_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings are read anew, from nothing but what the test sets; nothing is remembered."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ENV_FILE", "/dev/null")
    monkeypatch.setattr(engine, "_flights", Flights())
    monkeypatch.setattr(engine, "_breakers", {})
    monkeypatch.setattr(engine, "_last_failures", {})
    monkeypatch.setattr(shapes.shapes, "_known", OrderedDict())
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Have the desk ask this provider at this address."""

    def set_provider(name: str, url: str) -> None:
        monkeypatch.setenv("AI_PROVIDER", name)
        monkeypatch.setenv("AI_BASE_URL", url)
        for variable in ("OPENAI_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY"):
            monkeypatch.setenv(variable, KEY)
        get_settings.cache_clear()

    return set_provider


@pytest.fixture
def journal() -> KeptCalls:
    """Where the calls of a test are written down."""
    return KeptCalls()
