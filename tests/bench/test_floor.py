"""The floor sends the same statements as the desk, with the same effect on the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bench import floor
from bench.requests import CREATE, LIST, STATUS, reading
from bench.rows import count_rows, status_of, unresolved
from bench.statements import record_statements
from tests.filled_desks import filled_desk

COUNT = 300


@pytest.fixture(scope="module")
def database(postgres_server: str) -> str:
    return filled_desk(postgres_server, COUNT)


@pytest.fixture
def bare(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A client of the floor's server, with the desk's recorded statements."""
    statuses = unresolved(database, "ticket")
    open_id = next(number for number, status in statuses.items() if status == "open")
    path = tmp_path / "statements.json"
    path.write_text(record_statements(database, COUNT, open_id), encoding="utf-8")
    monkeypatch.setenv("FLOOR_DATABASE_URL", database)
    monkeypatch.setenv("FLOOR_STATEMENTS", str(path))
    monkeypatch.setattr(floor, "_statements", {})
    with TestClient(floor.app) as client:
        yield client


def test_the_floor_reads_the_rows_that_the_desk_reads(bare: TestClient) -> None:
    assert all(bare.get(request.path).is_success for request in reading(COUNT))
    assert len(bare.get(LIST.path).json()) == 51  # the extra row says that there is a next page


def test_the_floor_files_a_ticket_with_its_event_and_suggestions(
    bare: TestClient, database: str
) -> None:
    tables = ("ticket", "ticket_event", "suggestion")
    before = [count_rows(database, table) for table in tables]
    ticket_id = bare.post(CREATE.path).json()
    after = [count_rows(database, table) for table in tables]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 5]
    assert status_of(database, "ticket", [ticket_id]) == {ticket_id: "open"}


def test_the_floor_changes_the_status_of_any_ticket(bare: TestClient, database: str) -> None:
    for ticket_id, status in list(unresolved(database, "ticket").items())[:6]:
        other = {"open": "in_progress", "in_progress": "open"}[status]
        assert bare.patch(f"{STATUS.path}{ticket_id}/", json={"status": other}).is_success
        assert status_of(database, "ticket", [ticket_id]) == {ticket_id: other}
