"""The desk's figures, kept by the database: triggers add to counters what each change adds.

Revision: 0005.

A counter's row belongs to a slot. On SQLite there is one writer at a time, and one slot. On
PostgreSQL a transaction takes one of 16 for itself, so that two of them never wait for each other's
counters; a figure is the sum over the slots.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId, UtcDay

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SLOTS = 16
VALUES = {
    "category": ("billing", "technical", "account", "general"),
    "priority": ("low", "medium", "high", "critical"),
    "status": ("open", "in_progress", "resolved", "closed"),
    "sentiment": ("calm", "neutral", "frustrated", "angry"),
}
KEYS = {
    "ticket_count": (*VALUES, "slot"),
    "ticket_day": ("day", "slot"),
    "ticket_resolution": ("bucket", "slot"),
    "ticket_changes": ("slot",),
}
OCTAVES = 32
LAST_BUCKET = 50 * OCTAVES + 1


def _urgency_groups() -> dict[str, str]:
    groups = {f"urgency_{low}": f"urgency BETWEEN {low} AND {low + 9}" for low in range(0, 90, 10)}
    return groups | {"urgency_90": "urgency >= 90"}


def _hour_groups() -> dict[str, str]:
    bounds = [hours * 3_600_000 for hours in (1, 4, 24, 72, 168)]
    between = [f"ms >= {low} AND ms < {high}" for low, high in pairwise(bounds)]
    conditions = [f"ms < {bounds[0]}", *between, f"ms >= {bounds[-1]}"]
    return {f"hours_{index}": condition for index, condition in enumerate(conditions)}


def _of_those(conditions: Mapping[str, str]) -> dict[str, str]:
    return {
        figure: f"CASE WHEN {condition} THEN sign ELSE 0 END"
        for figure, condition in conditions.items()
    }


def _bucket() -> str:
    """Each doubling of the time, from a second on, in 50 equal parts: whole numbers only, so that
    every computer puts a time into the same bucket."""
    octaves = " ".join(
        f"WHEN ms < {2000 << octave} THEN ms / {20 << octave} + {50 * octave - 49}"
        for octave in range(OCTAVES)
    )
    return f"CASE WHEN ms IS NULL THEN NULL WHEN ms < 1000 THEN 0 {octaves} ELSE {LAST_BUCKET} END"


RESOLVED = _of_those({"resolved": "ms IS NOT NULL"}) | {"resolve_ms": "sign * coalesce(ms, 0)"}
COUNT_FIGURES = {"tickets": "sign", "urgency_sum": "sign * urgency"} | RESOLVED
DAY_FIGURES = (
    {"created": "sign"}
    | _of_those(
        {
            f"{field}_{value}": f"{field} = '{value}'"
            for field, values in VALUES.items()
            for value in values
        }
    )
    | _of_those(_urgency_groups() | _hour_groups())
    | RESOLVED
)
FIGURES = {
    "ticket_count": tuple(COUNT_FIGURES),
    "ticket_day": (*DAY_FIGURES, "resolved_on"),
    "ticket_resolution": ("tickets",),
    "ticket_changes": ("changes",),
}


class _Counter(NamedTuple):
    """What a ticket adds to which row: `keys` and `figures` name the columns of `_counted`."""

    table: str
    keys: Mapping[str, str]
    figures: Mapping[str, str]
    only_resolved: bool = False


COUNTERS = (
    _Counter("ticket_count", {field: field for field in VALUES}, COUNT_FIGURES),
    _Counter("ticket_day", {"day": "created_on"}, DAY_FIGURES),
    _Counter("ticket_day", {"day": "settled_on"}, {"resolved_on": "sign"}, only_resolved=True),
    _Counter("ticket_resolution", {"bucket": "bucket"}, {"tickets": "sign"}, only_resolved=True),
)

COUNTED = (
    "category", "priority", "status", "sentiment", "urgency_score",
    "created_at", "resolved_at", "deleted_at",
)  # fmt: skip
"""The columns of a ticket that a figure depends on."""

COUNTED_AS = {
    "sign": "integer",
    **dict.fromkeys(VALUES, "text"),
    "urgency": "integer", "created_on": "date", "settled_on": "date", "ms": "bigint",
}  # fmt: skip
"""The columns of `_tickets`, in their order."""

LOCKS = 745_018
"""An arbitrary number: the advisory locks of this kind are the slots."""
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

ON_POSTGRESQL = {"INSERT": {"new_rows": 1}, "UPDATE": {"old_rows": -1, "new_rows": 1},
                 "DELETE": {"old_rows": -1}}  # fmt: skip
ON_SQLITE = {"INSERT": {"NEW": 1}, "UPDATE": {"OLD": -1, "NEW": 1}, "DELETE": {"OLD": -1}}


def upgrade() -> None:
    """Create the counters, fill them from the tickets there are, and keep them from then on."""
    _create_tables()
    tickets = _counted({"ticket": 1})
    for statement in _additions(tickets, slot="0"):
        op.get_bind().exec_driver_sql(statement)
    if _on_sqlite():
        _keep_on_sqlite()
    else:
        _keep_on_postgresql()


def downgrade() -> None:
    """Keep no figures: they can be counted again from the tickets."""
    if _on_sqlite():
        for name in (*(f"ticket_figures_{change.lower()}" for change in ON_SQLITE),
                     "ticket_not_replaced", "ticket_not_displaced"):  # fmt: skip
            op.execute(f"DROP TRIGGER {name}")
    else:
        for change in (*ON_POSTGRESQL, "TRUNCATE"):
            name = f"ticket_figures_{change.lower()}"
            op.execute(f"DROP TRIGGER {name} ON ticket")
            op.execute(f"DROP FUNCTION {name}()")
        op.execute("DROP FUNCTION ticket_figures_add")
        op.execute("DROP FUNCTION ticket_figures_slot()")
    for table in KEYS:
        op.drop_table(table)


def _create_tables() -> None:
    known = {
        f"ticket_count_{field}_known": f"{field} IN ({', '.join(map(repr, values))})"
        for field, values in VALUES.items()
    }
    _create_table("ticket_count", [sa.Column(field, sa.Text) for field in VALUES], known)
    day_rules = {"ticket_day_day_date": "date(day) IS day"} if _on_sqlite() else {}
    _create_table("ticket_day", [sa.Column("day", UtcDay)], day_rules)
    _create_table(
        "ticket_resolution",
        [sa.Column("bucket", sa.Integer)],
        {"ticket_resolution_bucket_range": f"bucket BETWEEN 0 AND {LAST_BUCKET}"},
    )
    _create_table("ticket_changes", [], {})


def _create_table(name: str, keys: list[sa.Column[object]], rules: dict[str, str]) -> None:
    rules = rules | {f"{name}_slot_range": f"slot BETWEEN 0 AND {SLOTS - 1}"}
    op.create_table(
        name,
        *keys,
        sa.Column("slot", sa.Integer, autoincrement=False),
        *(
            sa.Column(figure, BigId, nullable=False, server_default=sa.text("0"))
            for figure in FIGURES[name]
        ),
        sa.PrimaryKeyConstraint(*KEYS[name]),
        *(sa.CheckConstraint(rule, name=rule_name) for rule_name, rule in rules.items()),
        sqlite_strict=True,
        postgresql_with={"fillfactor": 50},
    )


def _additions(tickets: str, slot: str) -> list[str]:
    """The statements that add these tickets to a slot, a group at a time."""
    return [*(_addition(counter, tickets, slot) for counter in COUNTERS), _change(slot)]


def _addition(counter: _Counter, tickets: str, slot: str) -> str:
    """Groups to which nothing is added are left alone."""
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


def _on_conflict(table: str, figures: Iterable[str], at: str = "") -> str:
    """`at` is the conflict's place, where the key's columns have other meanings."""
    at = at or f"({', '.join(KEYS[table])})"
    sums = ", ".join(f"{figure} = {table}.{figure} + excluded.{figure}" for figure in figures)
    return f"ON CONFLICT {at} DO UPDATE SET {sums}"


def _change(slot: str) -> str:
    conflict = _on_conflict("ticket_changes", ["changes"])
    return f"INSERT INTO ticket_changes (slot, changes) VALUES ({slot}, 1) {conflict}"


def _counted(rows: Mapping[str, int]) -> str:
    """The tickets, each with its bucket."""
    # The limit limits nothing: it keeps both databases from working out `ms` at each mention.
    tickets = f"{_tickets(rows)} LIMIT {2**62}"
    return f"SELECT timed.*, {_bucket()} AS bucket FROM ({tickets}) AS timed"


def _tickets(rows: Mapping[str, int]) -> str:
    """What each ticket, that is not deleted, is counted by: added (1) or taken away (-1)."""
    return " UNION ALL ".join(
        f"SELECT {_columns(row, sign)}{_source(row)} WHERE {row}.deleted_at IS NULL"
        for row, sign in rows.items()
    )


def _columns(row: str, sign: int) -> str:
    columns = {
        "sign": str(sign),
        **{field: f"{row}.{field}" for field in VALUES},
        "urgency": f"{row}.urgency_score",
        "created_on": _day(f"{row}.created_at"),
        "settled_on": _day(f"{row}.resolved_at"),
        "ms": _milliseconds(f"{row}.created_at", f"{row}.resolved_at"),
    }
    return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())


def _source(row: str) -> str:
    """SQLite's NEW and OLD are a row each; every other name is a table's."""
    return "" if row in {"NEW", "OLD"} else f" FROM {row}"


def _day(time: str) -> str:
    """The UTC day, whatever the time zone of whoever writes."""
    if _on_sqlite():
        return f"substr({time}, 1, 10)"
    return f"CAST({time} AT TIME ZONE 'UTC' AS date)"


def _milliseconds(since: str, until: str) -> str:
    if _on_sqlite():
        # SQLite counts milliseconds but answers days, inexactly.
        return f"CAST(round((julianday({until}) - julianday({since})) * 86400000) AS integer)"
    return f"CAST(round(extract(epoch FROM {until} - {since}) * 1000) AS bigint)"


def _keep_on_sqlite() -> None:
    old, new = (f"({', '.join(f'{row}.{column}' for column in COUNTED)})" for row in ("OLD", "NEW"))
    when = {
        "INSERT": "NEW.deleted_at IS NULL",
        "UPDATE": f"{old} IS NOT {new}",
        "DELETE": "OLD.deleted_at IS NULL",
    }
    for change, rows in ON_SQLITE.items():
        columns = f" OF {', '.join(COUNTED)}" if change == "UPDATE" else ""
        statements = "; ".join(_additions(_counted(rows), slot="0"))
        op.get_bind().exec_driver_sql(
            f"CREATE TRIGGER ticket_figures_{change.lower()} AFTER {change}{columns} ON ticket "
            f"WHEN {when[change]} BEGIN {statements}; END"
        )
    # OR REPLACE takes the old row away without telling the trigger for DELETE.
    for name, change, condition in (
        ("ticket_not_replaced", "INSERT", "TRUE"),
        ("ticket_not_displaced", "UPDATE OF id", "NEW.id <> OLD.id"),
    ):
        op.get_bind().exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {change} ON ticket "
            f"WHEN {condition} AND EXISTS (SELECT 1 FROM ticket WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'there is a ticket of this id'); END"
        )


def _keep_on_postgresql() -> None:
    execute = op.get_bind().exec_driver_sql
    execute(TAKE_SLOT)
    execute(_add_one())
    for change, rows in ON_POSTGRESQL.items():
        execute(_function(change, rows))
        tables = " ".join(f"{name.removesuffix('_rows').upper()} TABLE AS {name}" for name in rows)
        execute(
            f"CREATE TRIGGER ticket_figures_{change.lower()} AFTER {change} ON ticket "
            f"REFERENCING {tables} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION ticket_figures_{change.lower()}()"
        )
    execute(EMPTIED.format(changed=_change("ticket_figures_slot()")))
    execute(
        "CREATE TRIGGER ticket_figures_truncate AFTER TRUNCATE ON ticket "
        "FOR EACH STATEMENT EXECUTE FUNCTION ticket_figures_truncate()"
    )


def _function(change: str, rows: Mapping[str, int]) -> str:
    """A statement that writes one ticket, as most do, adds to the rows that are there, in half the
    time; any other adds group by group, so that a bulk load costs little more than without."""
    return f"""
CREATE FUNCTION ticket_figures_{change.lower()}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  taken integer;
BEGIN
  IF (SELECT count(*) FROM (SELECT FROM {next(iter(rows))} LIMIT 2) AS few) = 1 THEN
    {_leave_if_equal() if change == "UPDATE" else ""}
    taken := ticket_figures_slot();
    PERFORM ticket_figures_add(taken, {", ".join(COUNTED_AS)}) FROM ({_tickets(rows)}) AS counted;
    {_change("taken")};
  ELSE
    {_leave_where_equal() if change == "UPDATE" else ""}
    taken := ticket_figures_slot();
    {"; ".join(_additions(_counted(rows), slot="taken"))};
  END IF;
  RETURN NULL;
END
$$
"""


def _add_one() -> str:
    """The function that adds a ticket to a slot, or takes it away."""
    return f"""
CREATE FUNCTION ticket_figures_add(
  taken integer, {", ".join(f"{name} {kind}" for name, kind in COUNTED_AS.items())}
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  bucket CONSTANT integer := {_bucket()};
BEGIN
  {" ".join(_addition_of_one(counter) for counter in COUNTERS)}
END
$$
"""


def _leave_if_equal() -> str:
    old, new = (f"SELECT ROW({', '.join(f'{rows}.{column}' for column in COUNTED)}) FROM {rows}"
                for rows in ON_POSTGRESQL["UPDATE"])  # fmt: skip
    return f"IF ({old}) IS NOT DISTINCT FROM ({new}) THEN RETURN NULL; END IF;"


def _leave_where_equal() -> str:
    columns = ", ".join(COUNTED)
    differing = f"SELECT {columns} FROM old_rows EXCEPT ALL SELECT {columns} FROM new_rows"
    return f"PERFORM FROM ({differing}) AS differing; IF NOT FOUND THEN RETURN NULL; END IF;"


def _addition_of_one(counter: _Counter) -> str:
    """The ticket is in variables, which have the names of the columns of `_counted`."""
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


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
