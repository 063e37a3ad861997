"""Fixtures for pages over a SQLite database, without a browser. anyio runs the coroutines."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.state.page import Tabs, browser
from ticket_app.data.engine import use_database
from ticket_app.state import notices
from ticket_app.state.connection.subscription import clients


@pytest.fixture
def anyio_backend() -> str:
    """Reflex runs on asyncio."""
    return "asyncio"


@pytest.fixture
async def tabs(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tabs]:
    """A browser without tabs; an exception that leaves an event handler fails the test."""
    assert sqlite_database
    monkeypatch.setattr(clients, "is_connected", lambda _: True)  # these tabs have no socket
    monkeypatch.setattr(notices, "_last_failure", {})
    async with browser() as tabs:
        yield tabs
    assert tabs.failures == []


AWAY = "The database file cannot be opened."
"""The page's message while `Database.away` lasts."""


class Database:
    """The database in use, which a test can make unavailable."""

    def __init__(self, url: str, nothing: Path) -> None:
        self._url, self._nothing = url, nothing

    @contextmanager
    def away(self) -> Iterator[None]:
        """Makes every query fail while the block lasts: the file is a folder then."""
        use_database(f"sqlite:///{self._nothing}")
        yield
        use_database(self._url)


@pytest.fixture
def file(sqlite_database: str, tmp_path: Path) -> Database:
    return Database(sqlite_database, tmp_path)
