"""Purging removes tickets that were deleted long ago, whole, and nothing else."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, text

from harness.actors import over_rest
from tests.services.desk import changed, opened
from tests.services.erasing.test_erasing import COUNTERS, rows
from tests.services.erasing.traces import TEXTS, traces
from ticket_app.actor import by_command
from ticket_app.data.engine import write_transaction
from ticket_app.data.types import UtcDateTime
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.erasing import purging
from ticket_app.services.erasing.purging import count_purgeable, purge_tickets
from ticket_app.services.recounting import recount
from ticket_app.services.tickets.deleting import delete_ticket, ensure_deleted, restore_ticket
from ticket_app.services.tickets.filing import file_once
from ticket_app.settings import ROOT
from ticket_app.vocabulary import AuditAction

pytestmark = pytest.mark.usefixtures("database")

OF_A_TICKET = ("ticket_event", "suggestion", "triage_job", "idempotency_key")
PURGE = """
from ticket_app.actor import by_command
from ticket_app.services.erasing import purging
purging.AT_ONCE = 20
for number, done in enumerate(purging.purge_tickets(by_command(), 30)):
    print(number, flush=True)
    if number == 1:
        input()
"""


def deleted(days: float, **fields: Any) -> int:
    """Files a ticket that was deleted so many days ago; returns its id."""
    ticket_id = opened(**fields).id
    delete_ticket(by_command(), ticket_id)
    set_deleted(ticket_id, days)
    return ticket_id


def set_deleted(ticket_id: int, days: float) -> None:
    """Set the time of a ticket's deletion to so many days ago."""
    at = bindparam("at", datetime.now(UTC) - timedelta(days=days), UtcDateTime)
    statement = text(f"UPDATE ticket SET deleted_at = :at WHERE id = {ticket_id}")
    with write_transaction() as session:
        session.execute(statement.bindparams(at))


def purge(days: int = 30) -> int:
    return sum(purge_tickets(by_command(), days))


def test_a_ticket_goes_after_30_days_with_all_that_belongs_to_it() -> None:
    new = TicketCreate.model_validate(TEXTS)
    old = file_once(over_rest(), new, "a-key").ticket.id
    changed(old, title="Again", category="billing")
    delete_ticket(by_command(), old)
    with write_transaction() as session:
        session.execute(
            text(
                "INSERT INTO triage_call (ticket_id, purpose, engine, model, prompt_version, "
                "input_hash, attempt, outcome, latency_ms, cost_nano_usd) VALUES "
                f"({old}, 'improve', 'openai', 'm', '1', '{'a' * 64}', 1, 'ok', 1, 7)"
            )
        )
    younger, present = deleted(29.9), opened().id
    before = {each: rows(f"SELECT * FROM {each} ORDER BY 1, 2, 3") for each in COUNTERS}
    assert count_purgeable(by_command(), 30) == 0
    set_deleted(old, 30.1)
    assert count_purgeable(by_command(), 30) == 1
    assert purge() == 1
    assert rows("SELECT id FROM ticket ORDER BY id") == [(younger,), (present,)]
    for table in OF_A_TICKET:
        assert rows(f"SELECT 1 FROM {table} WHERE ticket_id = {old}") == []
    assert rows("SELECT ticket_id, cost_nano_usd FROM triage_call") == [(None, 7)]
    assert {each: rows(f"SELECT * FROM {each} ORDER BY 1, 2, 3") for each in COUNTERS} == before
    assert recount(by_command()).differences == []
    for verb in (restore_ticket, delete_ticket, ensure_deleted):
        with pytest.raises(TicketNotFoundError):
            verb(by_command(), old)
    assert restore_ticket(by_command(), younger).id == younger
    assert count_purgeable(by_command(), 30) == 0 and purge() == 0
    purged = AuditAction.TICKETS_PURGED
    ((said,),) = rows("SELECT detail FROM audit_entry WHERE action = :action", action=purged)
    assert said.startswith("1 ticket, deleted by 20")


def test_a_kill_in_the_middle_leaves_whole_batches(database: str) -> None:
    for _ in range(50):
        deleted(31)
    kept = deleted(1)
    process = subprocess.Popen(
        [sys.executable, "-c", PURGE],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database.replace("+psycopg2", "")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdin is not None
    assert [process.stdout.readline() for _ in range(2)] == ["0\n", "1\n"]
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.stdin.close()
    process.stdout.close()
    assert rows("SELECT count(*) FROM ticket") == [(11,)]
    for table in ("ticket_event", "suggestion"):
        assert rows(f"SELECT count(DISTINCT ticket_id) FROM {table}") == [(11,)]
    assert rows("SELECT count(*) FROM audit_entry WHERE action = 'tickets_purged'") == [(2,)]
    assert purge() == 10
    assert rows("SELECT id FROM ticket") == [(kept,)]
    assert recount(by_command()).differences == []


def test_a_purge_is_done_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "AT_ONCE", 2)
    for _ in range(5):
        deleted(31, **TEXTS)
    assert list(purge_tickets(by_command(), 30)) == [2, 2, 1]
    assert {each for each in traces() if not each.startswith("ticket_text_")} == {
        "person.email",
        "person.name",
        "person_term.term",
    }
