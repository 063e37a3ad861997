"""A process changes its database in one step, also while other threads open engines."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ticket_app.data import engine
from ticket_app.data.engine import get_engine, use_database

TIMES = 200


@pytest.fixture
def _many_switches() -> Iterator[None]:
    """Threads take turns at almost every step."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


pytestmark = pytest.mark.usefixtures("_many_switches")


def test_no_thread_meets_the_settings_database_between_two_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, settings = (f"sqlite:///{tmp_path / name}" for name in ("one", "other", "settings"))
    monkeypatch.setenv("DATABASE_URL", settings)
    seen: set[str] = set()
    enough = threading.Event()

    def look() -> None:
        while not enough.is_set():
            seen.add(str(get_engine().url))

    use_database(one)
    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(TIMES):
            use_database(other)
            use_database(one)
    finally:
        enough.set()
        looking.join()
        use_database(None)
    assert seen <= {one, other}


def test_threads_that_begin_together_make_one_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'desk'}")
    make, made = engine._make_engines, []

    def make_slowly(url: str) -> engine._Engines:
        made.append(url)
        time.sleep(0.05)
        return make(url)

    monkeypatch.setattr(engine, "_make_engines", make_slowly)
    threads = [threading.Thread(target=get_engine) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    use_database(None)
    assert len(made) == 1
