"""The counters equal a recount of the tickets after any change, by the desk or by raw SQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from harness.actors import over_rest
from tests.services.conversation.test_posting import said
from tests.services.desk import changed, opened
from tests.services.tickets.test_concurrency import at_once
from ticket_app.actor import by_command
from ticket_app.cli import main
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.errors import TicketNotFoundError
from ticket_app.services.figures import ticket_stats
from ticket_app.services.recounting import recount, repair_figures
from ticket_app.services.tickets.deleting import delete_ticket, restore_ticket
from ticket_app.vocabulary import Category, Priority, Sentiment, Side, Status

SEED = 20_261_121
SCORED = "UPDATE ticket SET urgency_score = :urgency, sentiment = :sentiment WHERE id = :id"
REMOVED = "UPDATE ticket SET deleted_at = updated_at WHERE id = :id"
HANDED_ON = "UPDATE ticket SET assignee_id = :to WHERE id <= :id AND id > :id - 3"
PEOPLE = "INSERT INTO person (name, role) VALUES ('Ann', 'agent'), ('Bo', 'agent')"
FILED = """
INSERT INTO ticket (title, description, category, priority, status, resolved_at, created_at)
SELECT title, description, category, priority, 'closed', created_at, created_at
FROM ticket WHERE id <= :id AND id > :id - 3
"""


class RolledBackError(Exception):
    """Raised to roll a writer's transaction back."""


@contextmanager
def maybe_rolled_back(chance: Random) -> Iterator[Connection]:
    """Yields a transaction of raw SQL; every third one is rolled back."""
    try:
        with write_transaction() as session:
            yield session.connection()
            change_ones_mind(chance)
    except RolledBackError:
        return


def change_ones_mind(chance: Random) -> None:
    if chance.random() < 1 / 3:
        raise RolledBackError


def filed(chance: Random) -> None:
    opened(
        status=chance.choice(list(Status)),
        category=chance.choice(list(Category)),
        priority=chance.choice(list(Priority)),
    )


def scored_and_filed(chance: Random) -> None:
    with maybe_rolled_back(chance) as connection:
        connection.execute(text(SCORED), some(chance))
        connection.execute(text(FILED), some(chance))


def removed(chance: Random) -> None:
    with maybe_rolled_back(chance) as connection:
        connection.execute(text(REMOVED), some(chance))


def handed_on(chance: Random) -> None:
    """Gives three neighbours to somebody or to nobody, as a deactivation does with all of one's."""
    with maybe_rolled_back(chance) as connection:
        to = chance.choice([None, 1, 2])
        connection.execute(text(HANDED_ON), some(chance) | {"to": to})


def some(chance: Random) -> dict[str, Any]:
    return {
        "id": chance.randrange(1, 120),
        "urgency": chance.randrange(101),
        "sentiment": chance.choice(list(Sentiment)),
    }


WORK: list[Callable[[Random], object]] = [
    filed,
    lambda chance: changed(some(chance)["id"], status=chance.choice(list(Status))),
    lambda chance: changed(some(chance)["id"], category=chance.choice(list(Category))),
    lambda chance: changed(some(chance)["id"], title=f"Title {chance.random()}"),
    lambda chance: delete_ticket(over_rest(), some(chance)["id"]),
    lambda chance: restore_ticket(over_rest(), some(chance)["id"]),
    lambda chance: said(some(chance)["id"], side=chance.choice(list(Side))),
    scored_and_filed,
    removed,
    handed_on,
]


def work_at_random(writer: int, rounds: int) -> None:
    chance = Random(SEED + writer)
    for _ in range(rounds):
        try:
            chance.choice(WORK)(chance)
        except TicketNotFoundError:
            continue


def check_eight_writers(rounds: int) -> None:
    with get_engine().begin() as connection:
        connection.execute(text(PEOPLE))
    for _ in range(8):
        opened()
    at_once(lambda writer: work_at_random(writer, rounds))
    found = recount(by_command())
    assert found.differences == []
    stats = ticket_stats(over_rest())
    assert found.tickets == stats.total_tickets > 20
    assert stats.answered_tickets and len(stats.assignee_breakdown) > 1


@pytest.mark.usefixtures("database")
def test_eight_writers_leave_figures_that_equal_a_recount() -> None:
    check_eight_writers(rounds=60)


@pytest.mark.prove
@pytest.mark.usefixtures("database")
def test_eight_writers_for_long_leave_figures_that_equal_a_recount() -> None:
    check_eight_writers(rounds=600)


BULK = {
    "insert": """
        INSERT INTO ticket (title, description, category, priority, status, urgency_score,
                            created_at, resolved_at, deleted_at, first_responded_at, assignee_id)
        SELECT 'A', 'B', CASE WHEN i % 3 = 0 THEN 'billing' ELSE 'account' END, 'low',
          CASE WHEN i % 2 = 0 THEN 'open' ELSE 'closed' END, i % 101,
          now() - i * interval '7 minutes',
          CASE WHEN i % 2 = 1 THEN now() - i * interval '416.9 seconds' END,
          CASE WHEN i % 11 = 0 THEN now() END,
          CASE WHEN i % 4 = 0 THEN now() - i * interval '6 minutes' END,
          CASE WHEN i % 5 = 0 THEN 1 + i % 2 END
        FROM generate_series(1, 5000) i
    """,
    "update": """
        UPDATE ticket SET priority = 'high', urgency_score = 100 - urgency_score,
          created_at = created_at - interval '1 day' WHERE id % 5 = 0
    """,
    "ask": "UPDATE ticket SET waiting_since = now() WHERE id % 3 = 0 AND status = 'open'",
    "answer": """
        UPDATE ticket SET waiting_since = NULL, first_responded_at = now() WHERE id % 6 = 0
    """,
    "hand on": "UPDATE ticket SET assignee_id = 2 WHERE assignee_id = 1",
    "settle": """
        UPDATE ticket SET status = 'closed', resolved_at = now(), waiting_since = NULL
        WHERE status = 'open' AND id % 2 = 0
    """,
    "touch": "UPDATE ticket SET title = 'C'",
    "renumber": "UPDATE ticket SET id = id + 100000 WHERE id % 7 = 0",
    "delete": "UPDATE ticket SET deleted_at = now() WHERE id % 4 = 0 AND deleted_at IS NULL",
    "restore": "UPDATE ticket SET deleted_at = NULL WHERE id % 8 = 0",
    "remove": "DELETE FROM ticket WHERE id % 3 = 0",
    "upsert": """
        INSERT INTO ticket (id, title, description, category, priority)
        SELECT i, 'D', 'E', 'general', 'critical' FROM generate_series(1, 40) i
        ON CONFLICT (id) DO UPDATE SET priority = 'critical', category = 'general'
    """,
}


@pytest.mark.usefixtures("postgres_database")
def test_statements_over_many_tickets_leave_figures_that_equal_a_recount() -> None:
    with get_engine().begin() as connection:
        connection.execute(text(PEOPLE))
    for statement in BULK.values():
        with get_engine().begin() as connection:
            connection.execute(text(statement))
        assert recount(by_command()).differences == []
    assert recount(by_command()).tickets > 2000


@pytest.mark.usefixtures("postgres_database")
def test_truncated_tickets_leave_no_figures() -> None:
    opened()
    assert ticket_stats(over_rest()).total_tickets == 1
    with get_engine().begin() as connection:
        connection.execute(text("ALTER TABLE ticket_event DISABLE TRIGGER ALL"))
        connection.execute(text("TRUNCATE ticket CASCADE"))
    assert ticket_stats(over_rest()).total_tickets == recount(by_command()).tickets == 0
    assert recount(by_command()).differences == []


@pytest.mark.usefixtures("postgres_database")
def test_whoever_writes_from_another_time_zone_counts_by_utc_days() -> None:
    with get_engine().begin() as connection:
        connection.execute(text("SET LOCAL timezone = 'Pacific/Auckland'"))
        connection.execute(text(PEOPLE))
        connection.execute(text(BULK["insert"]))
    assert recount(by_command()).differences == []


SAME_TICKET = """
INTO ticket (id, title, description, category, priority) VALUES (1, 'A', 'B', 'billing', 'low')
"""


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT OR REPLACE {SAME_TICKET}",
        f"INSERT OR IGNORE {SAME_TICKET}",
        "UPDATE OR REPLACE ticket SET id = 1 WHERE id = 2",
    ],
)
def test_no_ticket_takes_anothers_place(statement: str) -> None:
    opened()
    opened()
    with get_engine().connect() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        with pytest.raises(IntegrityError, match="there is a ticket of this id"):
            connection.execute(text(statement))
        connection.commit()
    assert recount(by_command()).differences == []
    assert recount(by_command()).tickets == 2


SPOILS = {
    "ticket_count": ("UPDATE ticket_count SET tickets = tickets + 1", "tickets", 2, 1),
    "ticket_day": ("UPDATE ticket_day SET created = 5", "created", 5, 1),
    "ticket_resolution": ("INSERT INTO ticket_resolution VALUES (7, 0, 5)", "tickets", 5, 0),
    "ticket_response": ("INSERT INTO ticket_response VALUES (7, 0, 5)", "tickets", 5, 0),
    "ticket_response_day": ("UPDATE ticket_response_day SET responded = 5", "responded", 5, 1),
    "ticket_assignee": (
        "UPDATE ticket_assignee SET tickets = 5 WHERE assignee_id = 1",
        "tickets",
        5,
        1,
    ),
}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("counter", SPOILS)
def test_a_spoiled_figure_is_found_and_mended(
    counter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    statement, figure, kept, counted = SPOILS[counter]
    ticket = opened(status="open")
    said(ticket.id)
    with get_engine().begin() as connection:
        connection.execute(text(PEOPLE))
        connection.execute(text("UPDATE ticket SET assignee_id = 1"))
    before = ticket_stats(over_rest())
    with get_engine().begin() as connection:
        connection.execute(text(statement))
        connection.execute(text("UPDATE ticket_changes SET changes = changes + 1"))
    assert ticket_stats(over_rest()) != before
    (difference,) = recount(by_command()).differences
    assert (difference.counter, difference.figure) == (counter, figure)
    assert (difference.kept, difference.counted) == (kept, counted)
    assert main.main(["recount"]) == 1
    assert f"{figure} is {kept}, the tickets have {counted}" in capsys.readouterr().out
    assert main.main(["recount", "--repair"]) == 0
    assert main.main(["recount"]) == 0
    assert "1 ticket recounted" in (told := capsys.readouterr().out) and "are equal." in told
    assert ticket_stats(over_rest()) == before
    changed(ticket.id, status="closed")
    assert recount(by_command()).differences == []


@pytest.mark.usefixtures("database")
def test_at_most_twenty_differences_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with get_engine().begin() as connection:
        for bucket in range(31):
            row = {"bucket": bucket}
            connection.execute(text("INSERT INTO ticket_resolution VALUES (:bucket, 0, 3)"), row)
    assert main.main(["recount"]) == 1
    told = capsys.readouterr().out
    assert "31 figures differ" in told and told.count("the tickets have") == 20
    assert len(repair_figures(by_command()).differences) == 31
    assert repair_figures(by_command()).differences == recount(by_command()).differences == []


def test_a_writer_who_cannot_see_the_counters_is_told_to_try_again(postgres_database: str) -> None:
    with psycopg2.connect(postgres_database.replace("+psycopg2", "")) as late:
        late.set_session(isolation_level="REPEATABLE READ")
        with late.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION ticket_figures_slot() RETURNS integer "
                "LANGUAGE sql AS 'SELECT 0'"  # both replace the same function, in turn
            )
            late.commit()
            cursor.execute("SELECT count(*) FROM ticket")
            ticket = opened()
            columns = "title, description, category, priority, sentiment"
            with pytest.raises(psycopg2.errors.SerializationFailure):
                cursor.execute(
                    f"INSERT INTO ticket ({columns}) SELECT %s, %s, %s, %s, %s",
                    [getattr(ticket, column) for column in columns.split(", ")],
                )
        late.rollback()
    assert recount(by_command()).differences == []
