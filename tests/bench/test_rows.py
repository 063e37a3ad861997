"""The benchmark's tickets have the right number, and are the same on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.rows import count_rows
from harness.actors import over_rest
from harness.filling import copy_to_sqlite, with_driver
from tests.filled_desks import filled_desk
from ticket_app.data.engine import use_database
from ticket_app.schemas.tickets import TicketListQuery, TicketPage
from ticket_app.services.figures import ticket_stats
from ticket_app.services.tickets.listing import list_tickets

COUNT = 400


@pytest.fixture(scope="module")
def filled(postgres_server: str) -> str:
    return filled_desk(postgres_server, COUNT)


@pytest.fixture(autouse=True)
def _closed_afterwards() -> Iterator[None]:
    yield
    use_database(None)


def first_page() -> TicketPage:
    return list_tickets(over_rest(), TicketListQuery(limit=200))


def test_every_row_is_a_ticket_the_newest_first(filled: str) -> None:
    assert count_rows(filled, "ticket") == COUNT
    use_database(with_driver(filled))
    newest = [ticket.title.split()[1] for ticket in first_page().items]
    assert newest == [str(number) for number in range(1, 201)]
    stats = ticket_stats(over_rest())
    assert stats.total_tickets == COUNT
    for breakdown in (
        stats.breakdowns["category"],
        stats.breakdowns["priority"],
        stats.breakdowns["status"],
    ):
        assert all(count > COUNT / 8 for count in breakdown.values())


def test_sqlite_gets_the_same(filled: str, tmp_path: Path) -> None:
    use_database(copy_to_sqlite(filled, tmp_path / "desk.sqlite3"))
    on_sqlite, sqlite_figures = first_page(), ticket_stats(over_rest())
    use_database(with_driver(filled))
    assert on_sqlite == first_page()
    assert sqlite_figures == ticket_stats(over_rest())
