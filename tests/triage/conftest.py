"""The environment of the triage tests: no .env, no key of the person who runs them."""

from collections.abc import Iterator

import pytest

from ticket_app.settings import Settings, get_settings


@pytest.fixture(autouse=True)
def no_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings are read anew, from nothing but what the test sets."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ENV_FILE", "/dev/null")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
