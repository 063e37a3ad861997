"""Pages over a real SQLite database, without a browser. The tests are coroutines, run by anyio."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.state.page import Tabs, browser
from ticket_app.data.engine import use_database
from ticket_app.state import notices
from ticket_app.state.live import presence


@pytest.fixture
def anyio_backend() -> str:
    """Reflex runs on asyncio."""
    return "asyncio"


@pytest.fixture
async def tabs(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tabs]:
    """A browser without any tab yet; no event of the test may let an exception out."""
    assert sqlite_database
    monkeypatch.setattr(presence, "ask", lambda _: True)  # these tabs have no socket
    monkeypatch.setattr(notices, "_told", {})
    async with browser() as tabs:
        yield tabs
    assert tabs.failures == []


AWAY = "The database file cannot be opened."
"""How the page tells of what `Database.away` does."""


class Database:
    """The database in use, which a test can take away."""

    def __init__(self, url: str, nothing: Path) -> None:
        self._url, self._nothing = url, nothing

    @contextmanager
    def away(self) -> Iterator[None]:
        """No query is answered while the block lasts: the file is a folder."""
        use_database(f"sqlite:///{self._nothing}")
        yield
        use_database(self._url)


@pytest.fixture
def file(sqlite_database: str, tmp_path: Path) -> Database:
    """The database of `tabs`."""
    return Database(sqlite_database, tmp_path)
