"""On SQLite, too, a sorted list reads its index from the cursor on."""

import pytest
from sqlalchemy import text

from tests.data.test_growth import OPEN, URGENT, Question, counting, listing, sorting
from tests.data.test_own_growth import plan_of_sqlite
from ticket_app.data.engine import get_autocommit_engine, get_engine
from ticket_app.vocabulary import Sort

TICKETS = 6_000
FILL = f"""
WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {TICKETS})
INSERT INTO ticket (title, description, category, priority, urgency_score, waiting_since)
SELECT 'Ticket ' || i, 'A steady printer.', 'billing',
  CASE i % 4 WHEN 0 THEN 'low' WHEN 1 THEN 'high' ELSE 'medium' END, i % 101,
  CASE i % 3 WHEN 0 THEN '2026-01-01 00:00:00.000000' END
FROM numbers
"""

IN_ORDER: dict[str, tuple[str, Question]] = {
    "oldest": ("ticket_newest", sorting(Sort.OLDEST)),
    "oldest, deep": ("ticket_newest", sorting(Sort.OLDEST, deep=True)),
    "waiting": ("ticket_by_waiting", sorting(Sort.WAITING, **OPEN)),
    "waiting, deep": ("ticket_by_waiting", sorting(Sort.WAITING, deep=True, **OPEN)),
    "those that wait": ("ticket_by_waiting", sorting(Sort.WAITING, unanswered=True)),
    "a count of those that wait": ("ticket_by_waiting", counting(unanswered=True)),
    "urgent": ("ticket_by_urgency", sorting(Sort.URGENT, **OPEN)),
    "urgent, deep": ("ticket_by_urgency", sorting(Sort.URGENT, deep=True, **URGENT)),
    "changed": ("ticket_by_change", sorting(Sort.CHANGED, **OPEN)),
    "changed, deep": ("ticket_by_change", sorting(Sort.CHANGED, deep=True, **OPEN)),
    "a mix": ("ticket_by_change", sorting(Sort.CHANGED, status=["open"], category=["billing"])),
    "of an assignee": ("ticket_of_assignee", listing(assignee=1)),
    "open ones of an assignee": ("ticket_unsettled_of_assignee", listing(assignee=1, **OPEN)),
    "those of an assignee, urgent": (
        "ticket_unsettled_of_assignee",
        sorting(Sort.URGENT, assignee=1, **OPEN),
    ),
    "of nobody": ("ticket_unassigned", listing(assignee="none")),
    "open ones of nobody": ("ticket_unsettled_unassigned", listing(assignee="none", **OPEN)),
    "a count of nobody's": ("ticket_unassigned", counting(assignee="none")),
    "the newest that wait": ("ticket_newest", listing(unanswered=True)),
}
"""The index that each list reads."""


@pytest.mark.usefixtures("sqlite_database")
def test_sqlite_reads_the_index_of_the_sort() -> None:
    with get_engine().begin() as connection:
        connection.execute(text(FILL))
    with get_autocommit_engine().connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    for name, (index, question) in IN_ORDER.items():
        steps = list(plan_of_sqlite(question))
        reads = [step for step in steps if "USING" in step and "PRIMARY KEY" not in step]
        assert reads, (name, steps)
        assert all(f" {index}" in step for step in reads), (name, steps)
