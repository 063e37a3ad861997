"""The triggers that maintain the counters. Migrations define what is counted.

A counter's row belongs to a slot. SQLite has one writer at a time and one slot. On PostgreSQL each
transaction takes one of SLOTS, so that two transactions never wait for each other's counters. A
figure is the sum over the slots.

A change of a statement here needs a new migration that calls `replace`: an applied migration does
not run again.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from ticket_app.data.figures.checks import LAST_BUCKET, SLOTS
from ticket_app.data.figures.counters import COUNTED, COUNTED_AS, FIELDS, KEYS, Counter

ON_POSTGRESQL = {"INSERT": {"new_rows": 1}, "UPDATE": {"old_rows": -1, "new_rows": 1},
                 "DELETE": {"old_rows": -1}}  # fmt: skip
ON_SQLITE = {"INSERT": {"NEW": 1}, "UPDATE": {"OLD": -1, "NEW": 1}, "DELETE": {"OLD": -1}}

OCTAVES = (LAST_BUCKET - 1) // 50

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
CREATE FUNCTION ticket_figures_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE ticket_count, ticket_day, ticket_resolution;
  {changed};
  RETURN NULL;
END
$$
"""


class FigureTriggers:
    """The triggers that maintain `counters` in one database."""

    def __init__(self, connection: Connection, counters: Iterable[Counter]) -> None:
        self._run = connection.exec_driver_sql
        self._counters = tuple(counters)
        self._on_sqlite = connection.dialect.name == "sqlite"

    def replace(self) -> None:
        """Replace the triggers by those of these counters, and recount all tickets."""
        self.drop()
        for table in ("ticket_count", "ticket_day", "ticket_resolution"):
            self._run(f"DELETE FROM {table}")
        self.create()

    def create(self) -> None:
        """Fill the empty counters from the existing tickets, and create the triggers."""
        if not self._on_sqlite:
            # Nobody may write a ticket between the count and the creation of the triggers.
            self._run("LOCK TABLE ticket IN SHARE ROW EXCLUSIVE MODE")
        for statement in self._additions(self._counted({"ticket": 1}), slot="0"):
            self._run(statement)
        if self._on_sqlite:
            self._create_on_sqlite()
        else:
            self._create_on_postgresql()

    def drop(self) -> None:
        """Drop the triggers. The figures can be recounted from the tickets."""
        if self._on_sqlite:
            for name in (*(f"ticket_figures_{change.lower()}" for change in ON_SQLITE),
                         "ticket_not_replaced", "ticket_not_displaced"):  # fmt: skip
                self._run(f"DROP TRIGGER {name}")
        else:
            for change in (*ON_POSTGRESQL, "TRUNCATE"):
                name = f"ticket_figures_{change.lower()}"
                self._run(f"DROP TRIGGER {name} ON ticket")
                self._run(f"DROP FUNCTION {name}()")
            self._run("DROP FUNCTION ticket_figures_add")
            self._run("DROP FUNCTION ticket_figures_slot()")

    def _additions(self, tickets: str, slot: str) -> list[str]:
        """Return the statements that add these tickets to a slot, one for each counter."""
        return [*(_addition(counter, tickets, slot) for counter in self._counters), _change(slot)]

    def _counted(self, rows: Mapping[str, int]) -> str:
        """Return a SELECT of the tickets' columns COUNTED_AS, with the bucket."""
        # The huge LIMIT stops both databases from computing `ms` again at each mention.
        tickets = f"{self._tickets(rows)} LIMIT {2**62}"
        return f"SELECT timed.*, {_bucket()} AS bucket FROM ({tickets}) AS timed"

    def _tickets(self, rows: Mapping[str, int]) -> str:
        """Return a SELECT of COUNTED_AS for tickets not deleted; the sign is 1 or -1 per source."""
        return " UNION ALL ".join(
            f"SELECT {self._columns(row, sign)}{_source(row)} WHERE {row}.deleted_at IS NULL"
            for row, sign in rows.items()
        )

    def _columns(self, row: str, sign: int) -> str:
        # A clock may have been set back: a ticket resolved before its creation took no time.
        filed, settled = f"{row}.created_at", f"{row}.resolved_at"
        settled = f"CASE WHEN {settled} < {filed} THEN {filed} ELSE {settled} END"
        columns = {
            "sign": str(sign),
            **{field: f"{row}.{field}" for field in FIELDS},
            "urgency": f"{row}.urgency_score",
            "created_on": self._day(filed),
            "settled_on": self._day(settled),
            "ms": self._milliseconds(filed, settled),
        }
        return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())

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
        old, new = (f"({', '.join(f'{row}.{each}' for each in COUNTED)})" for row in ("OLD", "NEW"))
        when = {
            "INSERT": "NEW.deleted_at IS NULL",
            "UPDATE": f"{old} IS NOT {new}",
            "DELETE": "OLD.deleted_at IS NULL",
        }
        for change, rows in ON_SQLITE.items():
            columns = f" OF {', '.join(COUNTED)}" if change == "UPDATE" else ""
            statements = "; ".join(self._additions(self._counted(rows), slot="0"))
            self._run(
                f"CREATE TRIGGER ticket_figures_{change.lower()} AFTER {change}{columns} ON ticket "
                f"WHEN {when[change]} BEGIN {statements}; END"
            )
        # OR REPLACE deletes the old row without firing the DELETE trigger, so it is refused.
        for name, change, condition in (
            ("ticket_not_replaced", "INSERT", "TRUE"),
            ("ticket_not_displaced", "UPDATE OF id", "NEW.id <> OLD.id"),
        ):
            self._run(
                f"CREATE TRIGGER {name} BEFORE {change} ON ticket "
                f"WHEN {condition} AND EXISTS (SELECT 1 FROM ticket WHERE id = NEW.id) "
                "BEGIN SELECT RAISE(ABORT, 'there is a ticket of this id'); END"
            )

    def _create_on_postgresql(self) -> None:
        self._run(TAKE_SLOT)
        self._run(self._add_one())
        for change, rows in ON_POSTGRESQL.items():
            self._run(self._function(change, rows))
            tables = " ".join(f"{name.removesuffix('_rows').upper()} TABLE AS {name}"
                              for name in rows)  # fmt: skip
            self._run(
                f"CREATE TRIGGER ticket_figures_{change.lower()} AFTER {change} ON ticket "
                f"REFERENCING {tables} FOR EACH STATEMENT "
                f"EXECUTE FUNCTION ticket_figures_{change.lower()}()"
            )
        self._run(EMPTIED.format(changed=_change("ticket_figures_slot()")))
        self._run(
            "CREATE TRIGGER ticket_figures_truncate AFTER TRUNCATE ON ticket "
            "FOR EACH STATEMENT EXECUTE FUNCTION ticket_figures_truncate()"
        )

    def _function(self, change: str, rows: Mapping[str, int]) -> str:
        """Return the trigger function for one kind of change.

        For a statement that writes one ticket, as most do, it updates the existing rows, in half
        the time. Otherwise it adds group by group, so that a bulk load costs little more.
        """
        return f"""
CREATE FUNCTION ticket_figures_{change.lower()}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  taken integer;
BEGIN
  IF (SELECT count(*) FROM (SELECT FROM {next(iter(rows))} LIMIT 2) AS few) = 1 THEN
    {_leave_if_equal() if change == "UPDATE" else ""}
    taken := ticket_figures_slot();
    PERFORM ticket_figures_add(taken, {", ".join(COUNTED_AS)})
      FROM ({self._tickets(rows)}) AS counted;
    {_change("taken")};
  ELSE
    {_leave_where_equal() if change == "UPDATE" else ""}
    taken := ticket_figures_slot();
    {"; ".join(self._additions(self._counted(rows), slot="taken"))};
  END IF;
  RETURN NULL;
END
$$
"""

    def _add_one(self) -> str:
        """Return the function that adds a ticket to a slot or subtracts it."""
        return f"""
CREATE FUNCTION ticket_figures_add(
  taken integer, {", ".join(f"{name} {kind}" for name, kind in COUNTED_AS.items())}
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  bucket CONSTANT integer := {_bucket()};
BEGIN
  {" ".join(_addition_of_one(counter) for counter in self._counters)}
END
$$
"""


def _addition(counter: Counter, tickets: str, slot: str) -> str:
    """Return an upsert of grouped amounts; it skips groups whose amounts are all 0."""
    sums = {figure: f"sum({amount})" for figure, amount in counter.figures.items()}
    columns = ", ".join((*counter.keys, "slot", *sums))
    values = ", ".join((*counter.keys.values(), slot, *sums.values()))
    group = ", ".join(counter.keys.values())
    something = " OR ".join(f"{total} <> 0" for total in sums.values())
    return (
        f"INSERT INTO {counter.table} ({columns}) SELECT {values} FROM ({tickets}) AS counted "
        f"WHERE {'ms IS NOT NULL' if counter.only_resolved else 'TRUE'} "
        f"GROUP BY {group} HAVING {something} ORDER BY {group} "
        f"{_on_conflict(counter.table, sums)}"
    )


def _addition_of_one(counter: Counter) -> str:
    """Return PL/pgSQL that adds one ticket, held in variables with the names of COUNTED_AS."""
    sums = ", ".join(f"{figure} = kept.{figure} + {amount}"
                     for figure, amount in counter.figures.items())  # fmt: skip
    keys = " AND ".join(f"kept.{key} = {value}" for key, value in counter.keys.items())
    columns = ", ".join((*counter.keys, "slot", *counter.figures))
    values = ", ".join((*counter.keys.values(), "taken", *counter.figures.values()))
    key = f"ON CONSTRAINT {counter.table}_pkey"
    addition = (
        f"UPDATE {counter.table} AS kept SET {sums} WHERE {keys} AND kept.slot = taken; "
        f"IF NOT FOUND THEN INSERT INTO {counter.table} ({columns}) VALUES ({values}) "
        f"{_on_conflict(counter.table, counter.figures, key)}; END IF;"
    )
    return f"IF ms IS NOT NULL THEN {addition} END IF;" if counter.only_resolved else addition


def _on_conflict(table: str, figures: Iterable[str], at: str = "") -> str:
    """Return an upsert clause. `at` replaces the conflict target if its columns are ambiguous."""
    at = at or f"({', '.join(KEYS[table])})"
    sums = ", ".join(f"{figure} = {table}.{figure} + excluded.{figure}" for figure in figures)
    return f"ON CONFLICT {at} DO UPDATE SET {sums}"


def _change(slot: str) -> str:
    conflict = _on_conflict("ticket_changes", ["changes"])
    return f"INSERT INTO ticket_changes (slot, changes) VALUES ({slot}, 1) {conflict}"


def _bucket() -> str:
    """Return SQL for the bucket of `ms`: 50 equal parts of each doubling, from a second on.

    It uses integers only, so that every computer puts a time into the same bucket.
    """
    octaves = " ".join(
        f"WHEN ms < {2000 << octave} THEN ms / {20 << octave} + {50 * octave - 49}"
        for octave in range(OCTAVES)
    )
    return f"CASE WHEN ms IS NULL THEN NULL WHEN ms < 1000 THEN 0 {octaves} ELSE {LAST_BUCKET} END"


def _source(row: str) -> str:
    """Return the FROM clause of a table. SQLite's NEW and OLD are rows and need none."""
    return "" if row in {"NEW", "OLD"} else f" FROM {row}"


def _leave_if_equal() -> str:
    old, new = (f"SELECT ROW({', '.join(f'{rows}.{column}' for column in COUNTED)}) FROM {rows}"
                for rows in ON_POSTGRESQL["UPDATE"])  # fmt: skip
    return f"IF ({old}) IS NOT DISTINCT FROM ({new}) THEN RETURN NULL; END IF;"


def _leave_where_equal() -> str:
    columns = ", ".join(COUNTED)
    differing = f"SELECT {columns} FROM old_rows EXCEPT ALL SELECT {columns} FROM new_rows"
    return f"PERFORM FROM ({differing}) AS differing; IF NOT FOUND THEN RETURN NULL; END IF;"
