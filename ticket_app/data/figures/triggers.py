"""The triggers that maintain the counters. Migrations define what is counted.

A counter's row belongs to a slot. SQLite has one writer at a time and one slot. On PostgreSQL each
transaction takes one of SLOTS, so that two transactions never wait for each other's counters. A
figure is the sum over the slots.

A change of a statement here, in statements.py or in answer_triggers.py needs a new migration that
calls `replace`: an applied migration does not run again.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from sqlalchemy import Connection

from ticket_app.data.figures.checks import SLOTS
from ticket_app.data.figures.counters import COUNTED, COUNTED_AS, FIELDS, Counter
from ticket_app.data.figures.statements import addition, addition_of_one, bucket, change

ON_POSTGRESQL = {"INSERT": {"new_rows": 1}, "UPDATE": {"old_rows": -1, "new_rows": 1},
                 "DELETE": {"old_rows": -1}}  # fmt: skip
ON_SQLITE = {"INSERT": {"NEW": 1}, "UPDATE": {"OLD": -1, "NEW": 1}, "DELETE": {"OLD": -1}}

LOCKS = 745_018
"""First key of the advisory locks for slots: an arbitrary number."""
TAKE_SLOT = f"""
CREATE FUNCTION ticket_figures_slot() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  own CONSTANT integer := mod(pg_backend_pid(), {SLOTS});
BEGIN
  -- A transaction that holds a slot gets it again, as often as it asks.
  FOR further IN 0 .. {SLOTS - 1} LOOP
    IF pg_try_advisory_xact_lock({LOCKS}, mod(own + further, {SLOTS})) THEN
      RETURN mod(own + further, {SLOTS});
    END IF;
  END LOOP;
  PERFORM pg_advisory_xact_lock({LOCKS}, own);
  RETURN own;
END
$$
"""
EMPTIED = """
CREATE FUNCTION {name}_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE {tables};
  {changed};
  RETURN NULL;
END
$$
"""


class CounterTriggers:
    """Triggers of `ticket` that maintain `counters` in one database. A subclass says what of a
    ticket they read."""

    name: ClassVar[str]
    """The beginning of the names of the triggers and their functions."""
    tables: ClassVar[tuple[str, ...]]
    counted: ClassVar[tuple[str, ...]]
    """The columns of a ticket that a figure depends on."""
    counted_as: ClassVar[Mapping[str, str]]
    """The inputs of the figures with their PostgreSQL types."""
    sparse: ClassVar[bool] = False
    """True if most tickets count for nothing, so that it pays to look first."""

    def __init__(self, connection: Connection, counters: Iterable[Counter]) -> None:
        self._run = connection.exec_driver_sql
        self._counters = tuple(counters)
        self._on_sqlite = connection.dialect.name == "sqlite"

    def replace(self) -> None:
        """Replace the triggers by those of these counters, and recount all tickets."""
        self.drop()
        for table in self.tables:
            self._run(f"DELETE FROM {table}")
        self.create()

    def create(self) -> None:
        """Fill the empty counters from the existing tickets, and create the triggers."""
        if not self._on_sqlite:
            # Nobody may write a ticket between the count and the creation of the triggers.
            self._run("LOCK TABLE ticket IN SHARE ROW EXCLUSIVE MODE")
        for statement in self._additions(self._timed({"ticket": 1}), slot="0"):
            self._run(statement)
        if self._on_sqlite:
            self._create_on_sqlite()
        else:
            self._create_on_postgresql()

    def drop(self) -> None:
        """Drop the triggers. The figures can be recounted from the tickets."""
        if self._on_sqlite:
            for each in ON_SQLITE:
                self._run(f"DROP TRIGGER {self.name}_{each.lower()}")
            return
        for each in (*ON_POSTGRESQL, "TRUNCATE"):
            self._run(f"DROP TRIGGER {self.name}_{each.lower()} ON ticket")
            self._run(f"DROP FUNCTION {self.name}_{each.lower()}()")
        self._run(f"DROP FUNCTION {self.name}_add")

    def _inputs(self, row: str) -> dict[str, str]:
        """Return SQL for each of `counted_as` but the sign."""
        raise NotImplementedError

    def _counts(self, row: str) -> str:
        """Return the condition that a ticket counts for something."""
        return f"{row}.deleted_at IS NULL"

    def _compared(self, row: str) -> str:
        """Return what differs between two versions of a ticket if a figure does."""
        return ", ".join(f"{row}.{column}" for column in self.counted)

    def _additions(self, tickets: str, slot: str) -> list[str]:
        """Return the statements that add these tickets to a slot, one for each counter."""
        return [*(addition(counter, tickets, slot) for counter in self._counters), change(slot)]

    def _timed(self, rows: Mapping[str, int]) -> str:
        """Return a SELECT of the inputs of these tickets, with the bucket."""
        # The huge LIMIT stops both databases from computing `ms` again at each mention.
        tickets = f"{self._tickets(rows)} LIMIT {2**62}"
        return f"SELECT timed.*, {bucket()} AS bucket FROM ({tickets}) AS timed"

    def _tickets(self, rows: Mapping[str, int]) -> str:
        """Return a SELECT of the inputs of tickets that count; the sign is 1 or -1 per source."""
        return " UNION ALL ".join(
            f"SELECT {self._columns(row, sign)}{_source(row)} WHERE {self._counts(row)}"
            for row, sign in rows.items()
        )

    def _columns(self, row: str, sign: int) -> str:
        columns = {"sign": str(sign)} | self._inputs(row)
        return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())

    def _arguments(self, each: str) -> Iterable[str]:  # noqa: ARG002
        """Return SQL for each of `counted_as`, for a statement of PostgreSQL with one ticket."""
        return self.counted_as

    def _day(self, time: str) -> str:
        """Return SQL for the UTC day of a time, whatever the time zone of the session."""
        if self._on_sqlite:
            return f"substr({time}, 1, 10)"
        return f"CAST(({time}) AT TIME ZONE 'UTC' AS date)"

    def _milliseconds(self, since: str, until: str) -> str:
        if self._on_sqlite:
            # SQLite stores milliseconds but returns inexact days, so the result is rounded.
            return f"CAST(round((julianday({until}) - julianday({since})) * 86400000) AS integer)"
        return f"CAST(round(extract(epoch FROM ({until}) - {since}) * 1000) AS bigint)"

    def _create_on_sqlite(self) -> None:
        changed = f"({self._compared('OLD')}) IS NOT ({self._compared('NEW')})"
        if self.sparse:
            changed = f"({self._counts('OLD')} OR {self._counts('NEW')}) AND {changed}"
        when = {"INSERT": self._counts("NEW"), "UPDATE": changed, "DELETE": self._counts("OLD")}
        for each, rows in ON_SQLITE.items():
            columns = f" OF {', '.join(self.counted)}" if each == "UPDATE" else ""
            statements = "; ".join(self._additions(self._timed(rows), slot="0"))
            self._run(
                f"CREATE TRIGGER {self.name}_{each.lower()} AFTER {each}{columns} ON ticket "
                f"WHEN {when[each]} BEGIN {statements}; END"
            )

    def _create_on_postgresql(self) -> None:
        self._run(self._add_one())
        for each, rows in ON_POSTGRESQL.items():
            self._run(self._function(each, rows))
            tables = " ".join(f"{name.removesuffix('_rows').upper()} TABLE AS {name}"
                              for name in rows)  # fmt: skip
            self._run(
                f"CREATE TRIGGER {self.name}_{each.lower()} AFTER {each} ON ticket "
                f"REFERENCING {tables} FOR EACH STATEMENT "
                f"EXECUTE FUNCTION {self.name}_{each.lower()}()"
            )
        changed = change("ticket_figures_slot()")
        tables = ", ".join(self.tables)
        self._run(EMPTIED.format(name=self.name, tables=tables, changed=changed))
        self._run(
            f"CREATE TRIGGER {self.name}_truncate AFTER TRUNCATE ON ticket "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {self.name}_truncate()"
        )

    def _function(self, each: str, rows: Mapping[str, int]) -> str:
        """Return the trigger function for one kind of change.

        For a statement that writes one ticket, as most do, it updates the existing rows, in half
        the time. Otherwise it adds group by group, so that a bulk load costs little more.
        """
        return f"""
CREATE FUNCTION {self.name}_{each.lower()}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  taken integer;
BEGIN
  {self._leave_if_none_counts(rows) if self.sparse else ""}
  IF (SELECT count(*) FROM (SELECT FROM {next(iter(rows))} LIMIT 2) AS few) = 1 THEN
    {self._leave_if_equal() if each == "UPDATE" else ""}
    taken := ticket_figures_slot();
    PERFORM {self.name}_add(taken, {", ".join(self._arguments(each))})
      FROM ({self._tickets(rows)}) AS counted;
    {change("taken")};
  ELSE
    {self._leave_where_equal() if each == "UPDATE" else ""}
    taken := ticket_figures_slot();
    {"; ".join(self._additions(self._timed(rows), slot="taken"))};
  END IF;
  RETURN NULL;
END
$$
"""

    def _add_one(self) -> str:
        """Return the function that adds a ticket to a slot or subtracts it."""
        return f"""
CREATE FUNCTION {self.name}_add(
  taken integer, {", ".join(f"{name} {kind}" for name, kind in self.counted_as.items())}
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  bucket CONSTANT integer := {bucket()};
BEGIN
  {" ".join(addition_of_one(counter) for counter in self._counters)}
END
$$
"""

    def _leave_if_none_counts(self, rows: Iterable[str]) -> str:
        none = " AND ".join(
            f"NOT EXISTS (SELECT FROM {row} WHERE {self._counts(row)})" for row in rows
        )
        return f"IF {none} THEN RETURN NULL; END IF;"

    def _leave_if_equal(self) -> str:
        old, new = (f"SELECT ROW({self._compared(rows)}) FROM {rows}"
                    for rows in ON_POSTGRESQL["UPDATE"])  # fmt: skip
        return f"IF ({old}) IS NOT DISTINCT FROM ({new}) THEN RETURN NULL; END IF;"

    def _leave_where_equal(self) -> str:
        old, new = (f"SELECT {self._compared(rows)} FROM {rows}"
                    for rows in ON_POSTGRESQL["UPDATE"])  # fmt: skip
        differing = f"{old} EXCEPT ALL {new}"
        return f"PERFORM FROM ({differing}) AS differing; IF NOT FOUND THEN RETURN NULL; END IF;"


class FigureTriggers(CounterTriggers):
    """The triggers of the figures on filing and resolving, and what all counters need."""

    name = "ticket_figures"
    tables = ("ticket_count", "ticket_day", "ticket_resolution")
    counted = COUNTED
    counted_as = COUNTED_AS

    def drop(self) -> None:
        super().drop()
        if self._on_sqlite:
            for name in ("ticket_not_replaced", "ticket_not_displaced"):
                self._run(f"DROP TRIGGER {name}")
        else:
            self._run("DROP FUNCTION ticket_figures_slot()")

    def _inputs(self, row: str) -> dict[str, str]:
        # A clock may have been set back: a ticket resolved before its creation took no time.
        filed, settled = f"{row}.created_at", f"{row}.resolved_at"
        settled = f"CASE WHEN {settled} < {filed} THEN {filed} ELSE {settled} END"
        return {
            **{field: f"{row}.{field}" for field in FIELDS},
            "urgency": f"{row}.urgency_score",
            "created_on": self._day(filed),
            "settled_on": self._day(settled),
            "ms": self._milliseconds(filed, settled),
        }

    def _create_on_sqlite(self) -> None:
        super()._create_on_sqlite()
        # OR REPLACE deletes the old row without firing the DELETE trigger, so it is refused.
        for name, each, condition in (
            ("ticket_not_replaced", "INSERT", "TRUE"),
            ("ticket_not_displaced", "UPDATE OF id", "NEW.id <> OLD.id"),
        ):
            self._run(
                f"CREATE TRIGGER {name} BEFORE {each} ON ticket "
                f"WHEN {condition} AND EXISTS (SELECT 1 FROM ticket WHERE id = NEW.id) "
                "BEGIN SELECT RAISE(ABORT, 'there is a ticket of this id'); END"
            )

    def _create_on_postgresql(self) -> None:
        self._run(TAKE_SLOT)
        super()._create_on_postgresql()


def _source(row: str) -> str:
    """Return the FROM clause of a table. SQLite's NEW and OLD are rows and need none."""
    return "" if row in {"NEW", "OLD"} else f" FROM {row}"
