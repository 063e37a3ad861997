"""The history changes by the function for erasing alone, and the function can only erase."""

from collections.abc import Iterable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests.data.revisions import downgrade
from tests.services.desk import changed, events_of, opened
from ticket_app.actor import by_command
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.data.metadata import METADATA
from ticket_app.data.migrations import migrate
from ticket_app.services.erasing.requesters import erase_requester, find_requester
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.vocabulary import ERASED

on_both = pytest.mark.usefixtures("database")

CALL = "INSERT INTO erasing (kind, tickets) VALUES ('history', '[999]')"
FORGE = "UPDATE ticket_event SET edge = 'cli', new_value = 'forged'"
REMOVE = "DELETE FROM ticket_event"


def run(*statements: str) -> None:
    """Run statements in one transaction."""
    with write_transaction() as session:
        for statement in statements:
            session.execute(text(statement))


def on_sqlite() -> bool:
    return get_engine().dialect.name == "sqlite"


def calls_left() -> int:
    with get_engine().connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM erasing")).scalar_one())


def refused(statements: Iterable[str]) -> None:
    """Fails unless the history refuses the last of the statements, and stays as it is."""
    ticket = opened()
    changed(ticket.id, title="Another title")
    before = [vars(each) | {"_sa_instance_state": None} for each in events_of(ticket.id)]
    with pytest.raises(DatabaseError, match="append-only"):
        run(*statements)
    after = [vars(each) | {"_sa_instance_state": None} for each in events_of(ticket.id)]
    assert after == before
    assert calls_left() == 0


@on_both
@pytest.mark.parametrize("change", [FORGE, REMOVE])
def test_a_call_by_hand_opens_the_history_to_no_other_statement(change: str) -> None:
    refused([CALL, change])


@on_both
@pytest.mark.parametrize("change", [FORGE, REMOVE])
def test_not_even_to_the_statement_that_makes_the_call(change: str) -> None:
    if on_sqlite():
        refused([CALL.replace("INSERT", "INSERT OR FAIL"), change])
    else:
        refused([f"WITH call AS ({CALL} RETURNING id) {change}"])
        refused([f"WITH change AS ({change} RETURNING id) {CALL}"])


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("policy", ["IGNORE", "REPLACE", "FAIL", "ROLLBACK"])
def test_no_policy_for_conflicts_keeps_a_call(policy: str) -> None:
    run(CALL.replace("INSERT", f"INSERT OR {policy}"))
    refused([FORGE])


@on_both
def test_settings_of_a_session_open_nothing() -> None:
    if on_sqlite():
        refused(["PRAGMA recursive_triggers = ON", FORGE])
    else:
        refused(["SET LOCAL desk.erasing = 'on'", FORGE])


@on_both
def test_the_function_writes_its_one_word_and_keeps_the_rest() -> None:
    ticket = opened(requester_email="eve@example.com")
    changed(ticket.id, title="Another title", status="resolved", requester_email=None)
    before = events_of(ticket.id)
    run(CALL.replace("999", f"{ticket.id}, {ticket.id}"))
    for old, new in zip(before, events_of(ticket.id), strict=True):
        quotes = old.field in ("title", "requester_email")
        values = [value and ERASED if quotes else value for value in (old.old_value, old.new_value)]
        assert [new.old_value, new.new_value] == values
        kept = ("id", "ticket_version", "kind", "field", "edge", "actor", "created_at")
        assert [getattr(new, each) for each in kept] == [getattr(old, each) for each in kept]
    assert calls_left() == 0


@on_both
def test_several_calls_in_one_statement_each_do_their_work() -> None:
    first, second, kept = (opened().id for _ in range(3))
    for each in (first, second, kept):
        changed(each, title="Another title")
    values = ", ".join(f"('texts', '[{each}]')" for each in (first, second))
    run(f"INSERT INTO erasing (kind, tickets) VALUES {values}")
    with get_engine().connect() as connection:
        left = connection.execute(text("SELECT id FROM ticket WHERE title <> 'Erased'"))
        assert left.scalars().all() == [kept]
    assert calls_left() == 0


@on_both
def test_a_ticket_that_is_not_deleted_cannot_be_purged_by_hand() -> None:
    gone, kept = opened().id, opened().id
    delete_ticket(by_command(), gone)
    with pytest.raises(DatabaseError, match="only a deleted ticket"):
        run(f"INSERT INTO erasing (kind, tickets) VALUES ('tickets', '[{gone}, {kept}]')")
    assert len(events_of(gone)) == 2 and len(events_of(kept)) == 1
    assert calls_left() == 0


@on_both
def test_the_function_knows_every_table_that_refers_to_a_ticket() -> None:
    """A new table with a ticket's text needs a line in the function, by a migration."""
    referring = {
        table.name
        for table in METADATA.sorted_tables
        if any(key.column.table.name == "ticket" for key in table.foreign_keys)
    }
    assert referring == {
        *("ticket_event", "suggestion", "triage_job", "triage_call", "idempotency_key", "message"),
        *("ticket_participant", "attachment", "held_message", "put_aside", "notification"),
        *("drafted_reply", "drafted_reply_source", "draft"),
    }


@on_both
def test_a_desk_that_has_erased_can_go_back_a_version_and_on_again() -> None:
    kept, gone = opened().id, opened(requester_email="eve@example.com").id
    assert sum(erase_requester(by_command(), find_requester(by_command(), "eve@example.com"))) == 1
    assert len(events_of(gone)) == 2
    with get_engine().begin() as connection:
        downgrade(connection, "0019")
        with pytest.raises(DatabaseError, match="append-only"), connection.begin_nested():
            connection.execute(text(REMOVE))
    migrate()
    assert [len(events_of(each)) for each in (kept, gone)] == [1, 1]
    refused([CALL, FORGE])
