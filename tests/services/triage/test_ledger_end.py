"""A process flushes its ledger before it ends, but does not wait for an unavailable database."""

import os
import subprocess
import sys
from time import monotonic

from sqlalchemy import func, select, text

from ticket_app.data.engine import get_engine, read_transaction, write_transaction
from ticket_app.data.triage.tables import TriageCall

ENDING = """
from datetime import UTC, datetime
from ticket_app.services.triage import ledger
from ticket_app.triage.provider.calls import Call, Usage
from ticket_app.vocabulary import CallOutcome, CallPurpose

ledger.FLUSH_SECONDS = 0.5
for number in range(1, 7):
    ledger.Ledger(CallPurpose.SUGGEST).record(
        Call("openai", "m", "p", "0" * 64, number, CallOutcome.OK, 1.0, Usage(), datetime.now(UTC))
    )
"""


def run_to_end(url: str) -> subprocess.CompletedProcess[str]:
    """Returns a process that ended right after its calls."""
    environment = os.environ | {"DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-c", ENDING],
        env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip


def count() -> int | None:
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(TriageCall))


def test_a_process_ends_with_its_lines_written(database: str) -> None:
    assert run_to_end(database).stderr == ""
    assert count() == 6


def test_a_locked_database_keeps_no_process_alive(database: str) -> None:
    on_sqlite = get_engine().dialect.name == "sqlite"
    started = monotonic()
    run_to_end(database)
    usual = monotonic() - started
    with write_transaction() as session:
        session.execute(text("SELECT 1" if on_sqlite else "LOCK TABLE triage_call"))
        started = monotonic()
        stderr = run_to_end(database).stderr
        waited = monotonic() - started - usual
        assert waited < 4  # each commit would wait 5 s for the lock
    assert stderr == "the ledger could not be written in time; up to 6 calls are missing\n"
    assert count() == 6  # only the earlier ones
