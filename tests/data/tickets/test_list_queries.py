"""Every access path leads to the same page, equal to that of a scan of all tickets."""

from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from harness.actors import over_rest
from tests.services.desk import changed, opened
from ticket_app.data.engine import get_engine, read_transaction, write_transaction
from ticket_app.data.tickets import list_queries
from ticket_app.data.tickets.predicates import facets_of, traits_of
from ticket_app.data.tickets.tables import Ticket
from ticket_app.schemas.paging import Position
from ticket_app.schemas.tickets import TicketFilter, TicketListQuery, TicketPublic
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.services.tickets.listing import count_tickets, list_tickets
from ticket_app.vocabulary import FACETS, SETTLED

SEED = 20_261_121
WORDS = ("printer", "Invoice", "PASSWORD", "a%b", "under_score", "Ärger", "refund", "x")
SEARCHES = (None, "printer", "invoice pass", "ärger", "a%b", "un", "x", "absent", "p", 'quote"d')
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def few_are_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every access path possible on a small desk."""
    monkeypatch.setattr(list_queries, "SAMPLED", 4)
    monkeypatch.setattr(list_queries, "SCANNED", 20)
    monkeypatch.setattr(list_queries, "FREQUENT", 30)
    monkeypatch.setattr(list_queries, "SCANNED_FREQUENT", 60)


def fill(chance: Random, count: int) -> None:
    """Create tickets with few different times, so that ids decide, some of them deleted."""
    with write_transaction() as session:
        for _ in range(count):
            values: dict[str, Any] = {
                field: chance.choice(list(known)) for field, known in FACETS.items()
            }
            at = START + timedelta(hours=chance.randrange(count // 4))
            session.add(
                Ticket(
                    title=" ".join(chance.choices(WORDS, k=2)),
                    description=" ".join(chance.choices(WORDS, k=4)),
                    created_at=at,
                    updated_at=at,
                    resolved_at=at if values["status"] in SETTLED else None,
                    deleted_at=at if chance.random() < 0.1 else None,
                    **values,
                )
            )


def random_filter(chance: Random) -> TicketFilter:
    chosen = {
        field: chance.sample(list(known), chance.choice((1, 1, 2, 3)))
        for field, known in FACETS.items()
        if chance.random() < 0.4
    }
    return TicketFilter(**chosen, search=chance.choice(SEARCHES))


def is_wanted(ticket: TicketPublic, wanted: TicketFilter) -> bool:
    sought = (wanted.search or "").lower()
    return all(
        not getattr(wanted, field) or getattr(ticket, field) in getattr(wanted, field)
        for field in FACETS
    ) and (sought in ticket.title.lower() or sought in ticket.description.lower())


@pytest.mark.usefixtures("database", "few_are_scanned")
def test_pages_and_counts_are_those_of_a_look_at_every_ticket() -> None:
    chance = Random(SEED)
    fill(chance, 200)
    every = list_tickets(over_rest(), TicketListQuery(limit=200)).items
    assert every == sorted(every, key=lambda one: (one.created_at, one.id), reverse=True)
    assert len(every) > 150
    filled = 0
    for _ in range(150):
        wanted, limit = random_filter(chance), chance.choice((1, 3, 10, 200))
        after = chance.choice((None, *every))
        place = (datetime.max.replace(tzinfo=UTC), 0)
        cursor = None
        if after is not None:
            place, cursor = (after.created_at, after.id), Position(after.created_at, after.id)
        right = [one for one in every if is_wanted(one, wanted)]
        behind = [one for one in right if (one.created_at, one.id) < place]
        page = list_tickets(
            over_rest(),
            TicketListQuery(
                **wanted.model_dump(), limit=limit, cursor=cursor.encode() if cursor else None
            ),
        )
        assert page.items == behind[:limit], wanted
        assert (page.next_cursor is not None) == (len(behind) > limit)
        assert count_tickets(over_rest(), wanted) == (len(right), False)
        filled += len(page.items) == limit
    assert filled > 30


@pytest.mark.usefixtures("database")
def test_the_database_numbers_facets_as_the_filters_do() -> None:
    combinations = list(product(*FACETS.values()))
    with write_transaction() as session:
        for values in combinations:
            named: dict[str, Any] = dict(zip(FACETS, values, strict=True))
            resolved_at = START if named["status"] in SETTLED else None
            session.add(
                Ticket(title="A", description="B", created_at=START, updated_at=START,
                       resolved_at=resolved_at, **named)
            )  # fmt: skip
    with read_transaction() as session:
        rows = session.execute(text(f"SELECT {', '.join(FACETS)}, facet FROM ticket")).all()
    assert len({row.facet for row in rows}) == len(combinations) == 256
    for row in rows:
        wanted = TicketFilter.model_validate({field: [getattr(row, field)] for field in FACETS})
        assert facets_of(wanted) == [row.facet]


@pytest.mark.usefixtures("postgres_database")
def test_postgresql_numbers_traits_as_the_filters_do() -> None:
    opened(category="account", priority="critical", status="resolved")
    with read_transaction() as session:
        row = session.execute(text("SELECT traits, sentiment FROM ticket")).one()
    wanted = TicketFilter(
        category=["account"], priority=["critical"], status=["resolved"], sentiment=[row.sentiment]
    )
    assert row.traits == [number for field in FACETS for number in traits_of(wanted, field)]


def found(search: str) -> list[int]:
    return [ticket.id for ticket in list_tickets(over_rest(), TicketListQuery(search=search)).items]


@pytest.mark.usefixtures("database", "few_are_scanned")
def test_the_search_follows_every_change() -> None:
    ticket = opened(title="Broken printer", description="It smokes.")
    for _ in range(30):
        opened(title="Another matter", description="Not that.")
    assert found("PRINTER") == found("smokes") == [ticket.id]
    changed(ticket.id, title="Broken scanner")
    assert (found("printer"), found("scanner"), found("smokes")) == ([], [ticket.id], [ticket.id])
    with get_engine().begin() as connection:
        connection.execute(text("UPDATE ticket SET description = 'Ünder wäter' WHERE id = 1"))
    assert (found("smokes"), found("ÜNDER WÄTER")) == ([], [ticket.id])
    delete_ticket(over_rest(), ticket.id)
    assert found("scanner") == []
    restore_ticket(over_rest(), ticket.id)
    assert found("scanner") == [ticket.id]
