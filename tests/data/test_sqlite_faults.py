"""Faults of SQLite's file while a desk runs: each has its own message, and the desk recovers."""

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.data import readiness, reasons, sqlite
from ticket_app.data.direct import driver_write
from ticket_app.data.engine import use_database, write_transaction
from ticket_app.data.migrations import migrate
from ticket_app.data.readiness import find_problem
from ticket_app.errors import ConfigurationError, DatabaseUnavailableError
from ticket_app.schemas.tickets import TicketCreate, TicketListQuery
from ticket_app.services.tickets.filing import Request, file_once
from ticket_app.services.tickets.listing import get_ticket, list_tickets, ticket_history

pytestmark = pytest.mark.usefixtures("_proved_anew")


@pytest.fixture
def _proved_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PROVED_SECONDS", -1.0)


@pytest.fixture
def file(sqlite_database: str) -> Path:
    return Path(str(make_url(sqlite_database).database))


@contextmanager
def refused(reason: str) -> Iterator[None]:
    with pytest.raises(DatabaseUnavailableError) as error:
        yield
    assert error.value.detail == reason


def test_a_deleted_file_takes_no_ticket_and_is_not_made_anew(file: Path, tmp_path: Path) -> None:
    ticket = opened()
    with driver_write() as connection:
        connection.rows("SELECT 1", {})
    moved = tmp_path / "moved"
    file.rename(moved)
    for work in (
        opened,
        lambda: changed(ticket.id, title="Another"),
        lambda: get_ticket(over_rest(), ticket.id),
        lambda: list_tickets(over_rest(), TicketListQuery()),
    ):
        with refused(sqlite.GONE):
            work()
    assert find_problem() == sqlite.GONE
    assert not file.exists()
    moved.rename(file)
    assert list_tickets(over_rest(), TicketListQuery()).items == [ticket]
    assert find_problem() is None


def test_a_write_to_a_file_deleted_before_the_commit_is_not_acknowledged(file: Path) -> None:
    with refused(sqlite.GONE), driver_write():
        file.unlink()


def test_a_session_on_a_file_deleted_before_the_commit_is_not_acknowledged(file: Path) -> None:
    opened()
    with refused(sqlite.GONE), write_transaction():
        file.unlink()


def test_a_backup_that_was_put_in_its_place_is_used(file: Path, tmp_path: Path) -> None:
    ticket = opened()
    use_database(f"sqlite:///{file}")
    shutil.copyfile(file, tmp_path / "backup")
    opened()
    (tmp_path / "backup").replace(file)
    for beside in ("-wal", "-shm"):
        Path(f"{file}{beside}").unlink(missing_ok=True)
    assert list_tickets(over_rest(), TicketListQuery()).items == [ticket]
    assert opened().id == ticket.id + 1


def test_an_empty_file_in_its_place_is_told(file: Path) -> None:
    file.unlink()
    for beside in ("-wal", "-shm"):
        Path(f"{file}{beside}").unlink(missing_ok=True)
    file.touch()
    with refused(reasons.EMPTY):
        list_tickets(over_rest(), TicketListQuery())
    with refused(reasons.EMPTY):
        ticket_history(over_rest(), 1)
    with refused(reasons.EMPTY):
        file_once(*Request(over_rest(), TicketCreate(title="A", description="B"), key="a"))
    assert find_problem() == reasons.EMPTY
    assert migrate() is True
    assert find_problem() is None


def test_a_damaged_file_is_told(file: Path) -> None:
    use_database(None)
    pages = bytearray(file.read_bytes())
    pages[4096:] = b"\xa5" * (len(pages) - 4096)
    file.write_bytes(pages)
    use_database(f"sqlite:///{file}")
    for work in (
        opened,
        lambda: list_tickets(over_rest(), TicketListQuery()),
        lambda: ticket_history(over_rest(), 1),
    ):
        with refused(reasons.DAMAGED):
            work()
    assert find_problem() == reasons.DAMAGED


def test_a_file_that_cannot_be_written_is_told(file: Path) -> None:
    ticket = opened()
    use_database(f"sqlite:///file:{file}?mode=ro&uri=true")
    with refused(reasons.READ_ONLY):
        opened()
    assert get_ticket(over_rest(), ticket.id) == ticket
    assert find_problem() == reasons.READ_ONLY


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    use_database(f"sqlite:///file:{tmp_path}/nowhere/desk.sqlite3?uri=true")
    with refused(reasons.CLOSED):
        migrate()
    use_database(None)


def test_a_folder_that_cannot_be_one_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(ConfigurationError, match="DATA_DIR"):
        use_database(f"sqlite:///{tmp_path}/taken/desk.sqlite3")


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, kept[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)


def test_a_full_disk_is_told_by_health_before_a_ticket_is_refused(file: Path) -> None:
    ticket = opened()
    assert find_problem() is None
    with no_file_grows_beyond(Path(f"{file}-wal").stat().st_size):
        assert find_problem() in (reasons.FULL, reasons.FAULTY)
        with pytest.raises(DatabaseUnavailableError) as error:
            opened()
        assert error.value.detail in (reasons.FULL, reasons.FAULTY)
    assert find_problem() is None
    assert opened().id > ticket.id


def test_a_disk_that_is_almost_full_is_told_by_health(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file.exists()
    monkeypatch.setattr(readiness, "FREE_BYTES", 2**62)
    assert find_problem() == reasons.FULL


def test_a_writer_during_the_check_is_no_fault_of_the_disk(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert find_problem() is None
    other.close()
