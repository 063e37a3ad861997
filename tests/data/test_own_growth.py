"""A requester's requests read their own tickets, however many others the desk has."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from tests.data.test_growth import Plan, statements_of
from tests.services.desk import opened
from ticket_app.actor import OPEN_DESK, Actor, Identity, over_rest
from ticket_app.data.engine import get_autocommit_engine, get_engine
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import TicketFilter, TicketListQuery
from ticket_app.services.tickets.listing import count_tickets, get_ticket, list_tickets
from ticket_app.services.tickets.searching import search
from ticket_app.vocabulary import Role

FOREIGN, OWN = 20_000, 60
BEA, EVE, CAY = "bea@example.com", "eve@example.com", "cay@example.com"
FILL = f"""
WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {FOREIGN})
INSERT INTO ticket (title, description, category, priority, requester_email, requester_id)
SELECT 'Foreign ' || i, 'A steady printer.', 'billing', 'low', '{EVE}', :eve FROM numbers
"""

COPY = """
INSERT INTO ticket_participant (ticket_id, person_id, ticket_created_at)
SELECT id, :person, created_at FROM ticket WHERE requester_email = :eve ORDER BY id LIMIT :limit
"""

Question = Callable[[Actor], object]


def listing(**values: object) -> Question:
    return lambda bea: list_tickets(bea, TicketListQuery.model_validate(values))


def counting(**values: object) -> Question:
    return lambda bea: count_tickets(bea, TicketFilter.model_validate(values))


def searching(words: str) -> Question:
    return lambda bea: search(bea, TicketListQuery(search=words))


def by_an_agent(**values: object) -> Question:
    """Lists and counts the tickets of Bea for someone who sees all."""

    def ask(bea: Actor) -> None:
        wanted = values | {"requester": bea.identity.person_id}
        list_tickets(over_rest(OPEN_DESK), TicketListQuery.model_validate(wanted))
        count_tickets(over_rest(OPEN_DESK), TicketFilter.model_validate(wanted))

    return ask


def next_page(bea: Actor) -> None:
    page = list_tickets(bea, TicketListQuery(limit=20))
    assert len(list_tickets(bea, TicketListQuery(limit=20, cursor=page.next_cursor)).items) == 20


def foreign_ticket(bea: Actor) -> None:
    with pytest.raises(TicketNotFoundError):
        get_ticket(bea, FOREIGN)


QUESTIONS: dict[str, Question] = {
    "two pages": next_page,
    "a page of all": listing(),
    "a page of a filter": listing(status=["open"], category=["billing", "account"]),
    "a page of an absent filter": listing(priority=["critical"]),
    "a page for a word that all have": listing(search="steady"),
    "a page for a word that nobody has": listing(search="nowhere to be found"),
    "a page for a letter": listing(search="e"),
    "the oldest": listing(sort="oldest"),
    "a count of those that wait": counting(unanswered=True),
    "a count": counting(),
    "a count of a filter": counting(status=["closed"]),
    "a count of a word that all have": counting(search="steady"),
    "a search for a foreign number": searching(f"#{FOREIGN}"),
    "a search for a foreign address": searching(EVE),
    "a foreign ticket": foreign_ticket,
    "a filter by requester of an agent": by_an_agent(),
    "a filter by requester, and a word": by_an_agent(search="nowhere to be found"),
    "a filter by requester, and a facet": by_an_agent(status=["closed"]),
    "the ticket of a link": lambda _: list_tickets(
        over_rest(Identity(None, ticket_id=7)), TicketListQuery()
    ),
}

SORTED: dict[str, Question] = {
    "the last changed": listing(sort="changed"),
    "the longest waiting": listing(sort="waiting", unanswered=True),
}
"""All their tickets are read, to sort them."""


OF_ONE_COPIED_ON_MANY = ("two pages", "a page of a filter", "a page of all", "the oldest")


def fill() -> tuple[Actor, Actor]:
    """Files many tickets of Eve, and few of Bea; copies Bea on few of Eve's, and Cay on all.
    Returns Bea and Cay."""
    administrator()
    eve = account(EVE, Role.REQUESTER)
    bea = account(BEA, Role.REQUESTER)
    cay = account(CAY, Role.REQUESTER)
    with get_engine().begin() as connection:
        connection.execute(text(FILL), {"eve": eve})
        for person, limit in ((bea, OWN), (cay, FOREIGN)):
            copied = {"person": person, "eve": EVE, "limit": limit}
            connection.execute(text(COPY), copied)
    for _ in range(OWN):
        opened(requester_email=BEA, description="A steady printer.")
    with get_autocommit_engine().connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return acting(bea, Role.REQUESTER), acting(cay, Role.REQUESTER)


@pytest.mark.usefixtures("postgres_database")
def test_postgresql_reads_own_tickets_alone() -> None:
    bea, cay = fill()
    for name, question in (QUESTIONS | SORTED).items():
        plan = Plan(partial(question, bea))
        assert plan.rows <= (12 if name in SORTED else 8) * OWN, name
        assert plan.pages <= 20 * OWN, name
        assert "ticket" not in plan.scanned_tables, name
    for name in OF_ONE_COPIED_ON_MANY:
        plan = Plan(partial(QUESTIONS[name], cay))
        assert plan.rows <= 8 * OWN, name
        assert "ticket" not in plan.scanned_tables, name


@pytest.mark.usefixtures("sqlite_database")
def test_sqlite_reads_own_tickets_alone() -> None:
    bea, _ = fill()
    for name, question in QUESTIONS.items():
        steps = list(plan_of_sqlite(partial(question, bea)))
        own = [step for step in steps if "ticket_of_requester" in step or "PRIMARY KEY" in step]
        assert own, (name, steps)
        for step in steps:
            assert not step.startswith("SCAN ticket ") and step != "SCAN ticket", (name, steps)
            assert "ticket_newest" not in step, (name, steps)
        for within in sorts_of_sqlite(partial(question, bea)):
            assert not within & {"CO-ROUTINE own", "CO-ROUTINE others"}, name


def plan_of_sqlite(question: Callable[[], object]) -> Iterator[str]:
    with get_autocommit_engine().connect() as connection:
        for statement, values, _ in statements_of(question):
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            yield from (row[-1] for row in explained)


def sorts_of_sqlite(question: Callable[[], object]) -> Iterator[set[str]]:
    """Yields for each step that sorts the steps within which it does.

    A page of one's own tickets and a page of those on which one is copied are merged by a sort.
    """
    with get_autocommit_engine().connect() as connection:
        for statement, values, _ in statements_of(question):
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            steps = {number: (outer, detail) for number, outer, _, detail in explained}
            for step in steps.values():
                if "TEMP B-TREE" in step[1]:
                    yield set(steps_around(step[0], steps))


def steps_around(number: int, steps: dict[int, tuple[int, str]]) -> Iterator[str]:
    while number in steps:
        number, detail = steps[number]
        yield detail
