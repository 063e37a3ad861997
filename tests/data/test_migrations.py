"""Migrations run by themselves, exactly once, even if several processes start together."""

import ctypes
import ctypes.util
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import psycopg2
import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from harness.actors import over_rest
from tests.conftest import leave_out, new_postgres
from tests.data.revisions import downgrade, upgrade
from ticket_app.actor import by_command
from ticket_app.data import migrations
from ticket_app.data.engine import get_engine, use_database
from ticket_app.data.migrations import migrate
from ticket_app.errors import ConfigurationError
from ticket_app.services.figures import ticket_stats
from ticket_app.services.recounting import recount
from ticket_app.services.tickets.requesters import link_requesters
from ticket_app.settings import ROOT

FILE_AT_0012 = """
INSERT INTO ticket (title, description, category, priority, sentiment, urgency_score)
VALUES ('Before', 'Help', 'general', 'low', 'neutral', 10)
"""
RECORD_AT_0012 = """
INSERT INTO ticket_event (ticket_id, ticket_version, kind, field, old_value, new_value, edge)
SELECT id, version, 'changed', 'status', 'open', 'in_progress', 'rest' FROM ticket
"""
IS_WAITED_FOR = """
SELECT count(*) > 0 FROM pg_locks
WHERE relation = 'ticket'::regclass AND NOT granted
"""
MIGRATE = "from ticket_app.data.migrations import migrate; print(migrate())"


def test_several_processes_migrate_once(bare_database: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE],
            cwd=ROOT, env=os.environ | {"DATABASE_URL": bare_database},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], outputs
    assert sorted(out.strip() for out, _ in outputs) == ["False", "False", "False", "True"]
    assert "ticket" in inspect(get_engine()).get_table_names()


def test_a_start_says_that_it_waits_for_a_migration(bare_database: str) -> None:
    messages: Queue[str] = Queue()
    locking = get_engine().execution_options(sqlite_begin="BEGIN IMMEDIATE")
    with locking.connect() as holding, ThreadPoolExecutor(1) as thread:
        holding.execute(text("SELECT 1"))
        if not bare_database.startswith("sqlite"):
            key = {"key": migrations.LOCK_KEY}
            holding.execute(text("SELECT pg_advisory_xact_lock(:key)"), key)
        waiting = thread.submit(migrate, messages.put)
        assert "waiting until it is done" in messages.get(timeout=60)
        assert not waiting.done()
        holding.rollback()
        assert waiting.result(120) is True
    assert messages.empty()


def test_a_failing_migration_leaves_nothing_behind(
    bare_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "alembic"
    (broken / "versions").mkdir(parents=True)
    for name in ("env.py", "versions/0001_tickets.py"):
        (broken / name).write_text((ROOT / "alembic" / name).read_text())
    first = broken / "versions" / "0001_tickets.py"
    first.write_text(
        first.read_text().replace("_create_suggestion(now", 'op.execute("nonsense"); (now')
    )
    (tmp_path / "alembic.ini").write_text((ROOT / "alembic.ini").read_text())
    monkeypatch.setattr(migrations, "ROOT", tmp_path)
    with pytest.raises(Exception, match=r"nonsense|syntax"):
        migrate()
    assert "ticket" not in inspect(get_engine()).get_table_names()
    monkeypatch.undo()
    assert migrate() is True


@pytest.mark.parametrize("former", ["0012", "0014"])
def test_a_server_of_the_version_before_writes_on_during_migrations(
    postgres_server: str, former: str
) -> None:
    """A change locks `ticket`, then `ticket_event`. 0013 and 0014 need them the other way round,
    one each; 0015 needs both."""
    use_database(new_postgres(postgres_server))
    with get_engine().begin() as connection:
        upgrade(connection, former)
        connection.execute(text(FILE_AT_0012))
    with get_engine().connect() as writer, ThreadPoolExecutor(1) as thread:
        writer.execute(text("UPDATE ticket SET status = 'in_progress'"))
        migrating = thread.submit(migrate)
        with get_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            while not other.scalar(text(IS_WAITED_FOR)):
                assert not migrating.done()
                time.sleep(0.02)
        writer.execute(text(RECORD_AT_0012))
        writer.commit()
        assert migrating.result(60) is True


@pytest.mark.usefixtures("database")
def test_a_newer_database_is_refused_with_a_sentence() -> None:
    with get_engine().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="does not know"):
        migrate()


@pytest.mark.usefixtures("database")
def test_the_first_migration_can_be_taken_back() -> None:
    with get_engine().begin() as connection:
        downgrade(connection, "base")
    assert inspect(get_engine()).get_table_names() == ["alembic_version"]
    assert migrate() is True


def test_a_database_that_cannot_hold_every_character_is_refused(postgres_server: str) -> None:
    name = "desk_ascii"
    connection = psycopg2.connect(f"{postgres_server}/postgres")
    connection.autocommit = True
    connection.cursor().execute(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
    )
    connection.close()
    use_database(f"postgresql+psycopg2://{postgres_server.partition('://')[2]}/{name}")
    try:
        with pytest.raises(ConfigurationError, match="SQL_ASCII"):
            migrate()
    finally:
        use_database(None)


OLD_TICKETS = """
INSERT INTO ticket (title, description, category, priority) VALUES
  ('left', 'x', 'billing', 'low'), ('chosen when filed', 'x', 'account', 'low'),
  ('changed', 'x', 'billing', 'high'), ('improved', 'x', 'technical', 'low')
"""
OLD_SUGGESTIONS = """
INSERT INTO suggestion
  (ticket_id, field, value, confidence, engine, model, prompt_version, latency_ms)
SELECT ticket.id, fields.field, fields.value, 0.5, 'offline', 'rules', 'rules-1', 0.1
FROM ticket, (SELECT 'category' AS field, 'billing' AS value UNION SELECT 'priority', 'low') fields
ORDER BY ticket.id
"""
OLD_IMPROVEMENT = """
INSERT INTO suggestion
  (ticket_id, field, value, confidence, engine, model, prompt_version, latency_ms)
SELECT id, 'category', 'technical', 0.5, 'openai', 'm', 'prompt-1', 0.1
FROM ticket WHERE title = 'improved'
"""
OLD_CHANGE = """
INSERT INTO ticket_event (ticket_id, ticket_version, kind, field, old_value, new_value, edge)
SELECT id, 2, 'changed', 'priority', 'low', 'high', 'rest' FROM ticket WHERE title = 'changed'
"""


@pytest.mark.usefixtures("bare_database")
def test_who_had_decided_is_read_from_what_was_kept() -> None:
    with get_engine().begin() as connection:
        upgrade(connection, "0002")
        for statement in (OLD_TICKETS, OLD_SUGGESTIONS, OLD_IMPROVEMENT, OLD_CHANGE):
            connection.execute(text(statement))
    migrate()
    with get_engine().connect() as connection:
        rows = connection.execute(
            text("SELECT title, engine, triage_status, category_by, priority_by FROM ticket")
        )
        kept = {row.title: tuple(row)[1:] for row in rows}
    assert kept == {
        "left": ("offline", "done", "triage", "triage"),
        "chosen when filed": ("offline", "done", "person", "triage"),
        "changed": ("offline", "done", "triage", "person"),
        "improved": ("openai", "done", "triage", "triage"),
    }


OLDER_TICKETS = """
INSERT INTO ticket (title, description, category, priority, status, created_at, resolved_at,
                    deleted_at) VALUES
  ('a', 'x', 'billing', 'low', 'open', '2026-01-01 00:00:00.000000+00:00', NULL, NULL),
  ('b', 'x', 'billing', 'low', 'closed', '2026-01-01 23:59:59.999999+00:00',
   '2026-01-02 00:00:00.000000+00:00', NULL),
  ('c', 'x', 'account', 'high', 'resolved', '2026-01-01 10:00:00.000000+00:00',
   '2026-03-02 00:00:00.000000+00:00', NULL),
  ('d', 'x', 'account', 'high', 'open', '2026-01-01 10:00:00.000000+00:00', NULL,
   '2026-03-02 00:00:00.000000+00:00')
"""


@pytest.mark.usefixtures("bare_database")
def test_figures_are_filled_from_the_tickets_there_are() -> None:
    with get_engine().begin() as connection:
        zone = "" if connection.dialect.name == "sqlite" else "+00:00"
        upgrade(connection, "0004")
        connection.execute(text(OLDER_TICKETS.replace("+00:00", zone)))
    migrate()
    stats = ticket_stats(over_rest())
    assert (stats.total_tickets, stats.resolved_tickets, stats.open_tickets) == (3, 2, 1)
    assert recount(by_command()).differences == []
    with get_engine().begin() as connection:
        downgrade(connection, "0004")
        connection.execute(text("UPDATE ticket SET deleted_at = NULL"))
    migrate()
    assert (recount(by_command()).tickets, recount(by_command()).differences) == (4, [])


OLD_EVENTS = """
INSERT INTO ticket_event (ticket_id, ticket_version, kind, edge)
SELECT ticket.id, 1, 'created', edges.edge FROM ticket, (
  SELECT 'browser' AS edge UNION SELECT 'rest' UNION SELECT 'cli' UNION SELECT 'triage') edges
"""


@pytest.mark.usefixtures("bare_database")
def test_who_acted_is_read_from_the_edge_and_the_history_stays_append_only() -> None:
    asked = text("SELECT DISTINCT edge, actor FROM ticket_event ORDER BY edge")
    with get_engine().begin() as connection:
        upgrade(connection, "0012")
        connection.execute(text(OLD_TICKETS))
        connection.execute(text(OLD_EVENTS))
    for _ in range(2):
        migrate()
        with get_engine().connect() as connection:
            assert [tuple(row) for row in connection.execute(asked)] == [
                *(("browser", "anyone"), ("cli", "command")),
                *(("rest", "anyone"), ("triage", "triage")),
            ]
            with pytest.raises(DatabaseError, match="append-only"):
                connection.execute(text("UPDATE ticket_event SET actor = 'command'"))
        with get_engine().begin() as connection:
            downgrade(connection, "0012")
    assert "actor" not in {
        each["name"] for each in inspect(get_engine()).get_columns("ticket_event")
    }


OLD_REQUESTERS = """
INSERT INTO ticket (title, description, category, priority, requester_name, requester_email) VALUES
  ('a', 'x', 'billing', 'low', 'Ann', 'Ann@x.org'), ('b', 'x', 'billing', 'low', NULL, NULL),
  ('c', 'x', 'billing', 'low', NULL, 'ann@X.org'), ('d', 'x', 'billing', 'low', 'Bob', 'bob@x.org')
"""


@pytest.mark.usefixtures("bare_database")
def test_requesters_become_people_after_the_migration_and_again_after_a_downgrade() -> None:
    asked = text(
        "SELECT title, person.name, email FROM ticket "
        "LEFT JOIN person ON person.id = requester_id ORDER BY title"
    )
    with get_engine().begin() as connection:
        upgrade(connection, "0013")
        connection.execute(text(OLD_REQUESTERS))
    for _ in range(2):
        migrate()
        with get_engine().connect() as connection:
            assert [row.email for row in connection.execute(asked)] == [None] * 4
        link_requesters(by_command())
        with get_engine().connect() as connection:
            assert [tuple(row) for row in connection.execute(asked)] == [
                *(("a", "Ann", "ann@x.org"), ("b", None, None)),
                *(("c", "Ann", "ann@x.org"), ("d", "Bob", "bob@x.org")),
            ]
        with get_engine().begin() as connection:
            downgrade(connection, "0013")
            connection.execute(text("UPDATE ticket SET requester_email = requester_email"))
    assert "person" not in inspect(get_engine()).get_table_names()


SETTLED_LATER = """
INSERT INTO ticket (title, description, category, priority, status, created_at, resolved_at) VALUES
  ('a', 'x', 'billing', 'low', 'closed', '2026-01-01 10:00:00.000000+00:00',
   '2026-03-02 10:00:00.000000+00:00'),
  ('b', 'x', 'billing', 'low', 'closed', '2026-01-01 10:00:00.000000+00:00',
   '2025-12-01 10:00:00.000000+00:00')
"""
OF_A_DAY = "SELECT sum(resolved_on), sum(hours_0), sum(hours_5) FROM ticket_day WHERE day = :day"


@pytest.mark.usefixtures("bare_database")
def test_times_to_resolve_move_to_the_day_of_resolving() -> None:
    with get_engine().begin() as connection:
        zone = "" if connection.dialect.name == "sqlite" else "+00:00"
        upgrade(connection, "0008")
        connection.execute(text(SETTLED_LATER.replace("+00:00", zone)))
    migrate()
    assert recount(by_command()).differences == []
    with get_engine().connect() as connection:
        for day, figures in (("2026-03-02", (1, 0, 1)), ("2026-01-01", (1, 1, 0))):
            assert connection.execute(text(OF_A_DAY), {"day": day}).one() == figures
    with get_engine().begin() as connection:
        downgrade(connection, "0008")
        connection.execute(text("UPDATE ticket SET status = 'resolved' WHERE title = 'a'"))
    migrate()
    assert recount(by_command()).differences == []


ANSWERED = """
INSERT INTO ticket (title, description, category, priority, status, created_at, resolved_at,
                    waiting_since, first_responded_at, assignee_id) VALUES
  ('a', 'x', 'billing', 'low', 'closed', '2026-01-01 10:00:00.000000+00:00',
   '2026-03-02 10:00:00.000000+00:00', NULL, '2026-01-01 11:00:00.000000+00:00', 1),
  ('b', 'x', 'billing', 'low', 'open', '2026-01-01 10:00:00.000000+00:00', NULL,
   '2026-01-01 10:00:00.000000+00:00', NULL, 1),
  ('c', 'x', 'billing', 'low', 'open', '2026-01-01 10:00:00.000000+00:00', NULL, NULL, NULL, NULL)
"""


@pytest.mark.usefixtures("bare_database")
def test_answers_and_assignees_from_before_are_counted() -> None:
    for change in (ANSWERED, "UPDATE ticket SET assignee_id = NULL, first_responded_at = NULL"):
        with get_engine().begin() as connection:
            zone = "" if connection.dialect.name == "sqlite" else "+00:00"
            if change is ANSWERED:
                upgrade(connection, "0024")
                connection.execute(text("INSERT INTO person (name, role) VALUES ('Ann', 'agent')"))
            else:
                downgrade(connection, "0024")
            connection.execute(text(change.replace("+00:00", zone)))
        migrate()
        assert recount(by_command()).differences == []
        stats = ticket_stats(over_rest())
        shown = [(each.name, each.tickets, each.waiting) for each in stats.assignee_breakdown]
        if change is ANSWERED:
            assert stats.answered_tickets == stats.mean_hours_to_first_response == 1
            assert shown == [(None, 1, 0), ("Ann", 1, 1)]
        else:
            assert (stats.answered_tickets, shown) == (0, [(None, 2, 1)])


def test_a_server_without_the_trigrams_is_refused_with_a_sentence(postgres_server: str) -> None:
    database = new_postgres(postgres_server)
    with psycopg2.connect(database.replace("+psycopg2", "")) as connection:
        connection.cursor().execute("CREATE ROLE guest LOGIN; GRANT ALL ON SCHEMA public TO guest")
    use_database(database.replace("desk@", "guest@"))
    with pytest.raises(ConfigurationError, match="CREATE EXTENSION pg_trgm"):
        migrate()
    use_database(None)


CALL = """
INSERT INTO triage_call (purpose, engine, model, prompt_version, input_hash, attempt, outcome,
                         latency_ms)
VALUES ('improve', 'openai', 'm', 'prompt-1', :hash, 1, :outcome, 0.1)
"""
UNSURE = """
INSERT INTO suggestion
  (ticket_id, field, value, confidence, engine, model, prompt_version, latency_ms)
VALUES (1, 'category', 'billing', :confidence, 'openai', 'm', 'prompt-1', 0.1)
"""


@pytest.mark.usefixtures("bare_database")
def test_a_confidence_that_nobody_said_can_be_kept_and_what_was_kept_stays() -> None:
    sha = "0" * 64
    with get_engine().begin() as connection:
        upgrade(connection, "0010")
        for statement in (OLD_TICKETS, OLD_SUGGESTIONS):
            connection.execute(text(statement))
        connection.execute(text(CALL), {"hash": sha, "outcome": "auth"})
    with get_engine().connect() as early:
        before = early.execute(text("SELECT * FROM suggestion ORDER BY id")).all()
        early.rollback()
        migrate()
        assert early.execute(text("SELECT * FROM suggestion ORDER BY id")).all() == before
        early.rollback()
        early.execute(text(UNSURE), {"confidence": None})
        early.execute(text(CALL), {"hash": sha, "outcome": "quota"})
        early.commit()
    for statement, wrong in (
        (CALL, {"hash": sha, "outcome": "no_idea"}),
        (UNSURE, {"confidence": 2}),
    ):
        with pytest.raises(IntegrityError), get_engine().begin() as connection:
            connection.execute(text(statement), wrong)
    with get_engine().begin() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA integrity_check")).all() == [("ok",)]
        downgrade(connection, "0010")
        stored = connection.execute(text("SELECT outcome FROM triage_call ORDER BY id")).scalars()
        assert list(stored) == ["auth", "auth"]
    migrate()


DEFENSIVE_MODE = 1010
"""The value of SQLITE_DBCONFIG_DEFENSIVE, for which Python 3.11 has no constant."""


class SqliteConnection(ctypes.Structure):
    """The first fields of a sqlite3.Connection in memory."""

    _fields_ = (("head", ctypes.c_ssize_t * 2), ("database", ctypes.c_void_p))


def set_defensive_mode(connection: sqlite3.Connection, _: object) -> None:
    """Set defensive mode, in which some systems build their SQLite."""
    library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
    database = SqliteConnection.from_address(id(connection)).database
    assert library.sqlite3_db_config(ctypes.c_void_p(database), DEFENSIVE_MODE, 1, None) == 0


def test_a_sqlite_that_refuses_its_schema_is_a_sentence(tmp_path: Path) -> None:
    if ctypes.util.find_library("sqlite3") is None:
        leave_out("SQLite's library", "apt-get install libsqlite3-0")
    use_database(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    event.listen(get_engine(), "connect", set_defensive_mode)
    with pytest.raises(ConfigurationError, match="defensive mode"):
        migrate()
    assert inspect(get_engine()).get_table_names() == []
    use_database(None)
