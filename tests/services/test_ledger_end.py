"""A process writes its ledger before it ends, and does not stay for a database that is away."""

import os
import subprocess
import sys
from time import monotonic

from sqlalchemy import func, select, text

from ticket_app.data.engine import get_engine, reading, writing
from ticket_app.data.triage.tables import TriageCall

ENDING = """
from datetime import UTC, datetime
from ticket_app.services.triage import ledger
from ticket_app.triage.calls import Call, Usage
from ticket_app.vocabulary import CallOutcome, CallPurpose

ledger.FLUSH_SECONDS = 0.5
for number in range(1, 7):
    ledger.Ledger(CallPurpose.SUGGEST).keep(
        Call("openai", "m", "p", "0" * 64, number, CallOutcome.OK, 1.0, Usage(), datetime.now(UTC))
    )
"""


def ended(url: str) -> subprocess.CompletedProcess[str]:
    """A process that ends right after its calls."""
    environment = os.environ | {"DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-c", ENDING],
        env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip


def count() -> int | None:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(TriageCall))


def test_a_process_ends_with_its_lines_written(database: str) -> None:
    assert ended(database).stderr == ""
    assert count() == 6


def test_a_locked_database_keeps_no_process_alive(database: str) -> None:
    on_sqlite = get_engine().dialect.name == "sqlite"
    started = monotonic()
    ended(database)
    usual = monotonic() - started
    with writing() as session:
        session.execute(text("SELECT 1" if on_sqlite else "LOCK TABLE triage_call"))
        started = monotonic()
        told = ended(database).stderr
        waited = monotonic() - started - usual
        assert waited < 4  # each commit would wait for the lock for 5 s
    assert told == "the ledger could not be written in time; up to 6 calls are missing\n"
    assert count() == 6  # those of before
