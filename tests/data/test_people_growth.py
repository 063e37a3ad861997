"""Lists and searches of people read the rows of their page, however many requesters there are."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from tests.data.test_growth import Plan
from tests.data.test_own_growth import plan_of_sqlite
from ticket_app.actor import Actor, by_command
from ticket_app.data.engine import get_autocommit_engine, write_transaction
from ticket_app.data.postgresql.timeouts import LONG
from ticket_app.schemas.people import PeopleListQuery
from ticket_app.services.people.accounts.directory import find_people, list_people
from ticket_app.services.people.accounts.rights import set_active
from ticket_app.vocabulary import Role

REQUESTERS, TEAM, PAGE = 10_000, 6, 20
FILL = f"""
WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {REQUESTERS})
INSERT INTO person (name, email)
SELECT 'Maria Lima ' || i, 'maria' || i || '@example.com' FROM numbers
"""

Question = Callable[[Actor], object]


def finding(**values: object) -> Question:
    query = PeopleListQuery.model_validate({"limit": PAGE} | values)
    return lambda bea: find_people(bea, query)


QUESTIONS: dict[str, Question] = {
    "the team and the accounts": lambda _: list_people(by_command()),
    "a page": finding(),
    "a deep page": finding(after=REQUESTERS - 100),
    "a role of few": finding(role="agent"),
    "a role of few, found": finding(role="agent", search="bea"),
    "a role of few, not found": finding(role="agent", search="maria"),
    "a role of nearly all": finding(role="requester"),
    "those who are not active": finding(active="false"),
    "those who are not active, not found": finding(active="false", search="maria"),
    "a name that all have": finding(search="Maria L"),
    "a letter": finding(search="m"),
    "a domain of all": finding(search="example.com"),
    "a deep page of a name that all have": finding(search="lima", after=REQUESTERS // 2),
    "a name of one": finding(search="lima 777"),
    "a name of nobody": finding(search="nobody"),
    "an address": finding(search="MARIA777@example.com"),
}


def fill() -> Actor:
    """Makes a small team, and many requesters with the same name; returns one of the team."""
    administrator()
    team = [account(f"bea{each}@example.com", Role.AGENT) for each in range(TEAM)]
    set_active(by_command(), team[-1], False)
    with write_transaction(LONG) as session:
        session.execute(text(FILL))
    with get_autocommit_engine().connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return acting(team[0], Role.AGENT)


@pytest.mark.usefixtures("postgres_database")
def test_postgresql_reads_a_page_of_people_alone() -> None:
    bea = fill()
    for name, question in QUESTIONS.items():
        plan = Plan(partial(question, bea))
        assert plan.rows <= 12 * PAGE, (name, plan.rows)
        assert plan.pages <= 40 * PAGE, (name, plan.pages)


@pytest.mark.usefixtures("sqlite_database")
def test_sqlite_reads_a_page_of_people_alone() -> None:
    bea = fill()
    for name, question in QUESTIONS.items():
        for step in plan_of_sqlite(partial(question, bea)):
            assert not step.startswith("SCAN person"), (name, step)
            is_sorted = "TEMP B-TREE" in step and not step.startswith("UNION")
            assert not is_sorted or name == "the team and the accounts", (name, step)
