"""SQL by which the triggers of counters add tickets, for both databases."""

from collections.abc import Iterable

from ticket_app.data.figures.checks import LAST_BUCKET
from ticket_app.data.figures.counters import Counter

OCTAVES = (LAST_BUCKET - 1) // 50


def addition(counter: Counter, tickets: str, slot: str) -> str:
    """Return an upsert of grouped amounts; it skips groups whose amounts are all 0."""
    sums = {figure: f"sum({amount})" for figure, amount in counter.figures.items()}
    columns = ", ".join((*counter.keys, "slot", *sums))
    values = ", ".join((*counter.keys.values(), slot, *sums.values()))
    group = ", ".join(counter.keys.values())
    something = " OR ".join(f"{total} <> 0" for total in sums.values())
    return (
        f"INSERT INTO {counter.table} ({columns}) SELECT {values} FROM ({tickets}) AS counted "
        f"WHERE {counter.condition or 'TRUE'} "
        f"GROUP BY {group} HAVING {something} ORDER BY {group} "
        f"{_on_conflict(counter.table, sums, _columns_of_key(counter))}"
    )


def addition_of_one(counter: Counter) -> str:
    """Return PL/pgSQL that adds one ticket, held in variables with the names of the inputs."""
    sums = ", ".join(f"{figure} = kept.{figure} + {amount}"
                     for figure, amount in counter.figures.items())  # fmt: skip
    keys = " AND ".join(f"kept.{key} = {value}" for key, value in counter.keys.items())
    columns = ", ".join((*counter.keys, "slot", *counter.figures))
    values = ", ".join((*counter.keys.values(), "taken", *counter.figures.values()))
    # A list of columns would be ambiguous: variables have the same names.
    key = f"ON CONSTRAINT {counter.table}_pkey"
    one = (
        f"UPDATE {counter.table} AS kept SET {sums} WHERE {keys} AND kept.slot = taken; "
        f"IF NOT FOUND THEN INSERT INTO {counter.table} ({columns}) VALUES ({values}) "
        f"{_on_conflict(counter.table, counter.figures, key)}; END IF;"
    )
    return f"IF {counter.condition} THEN {one} END IF;" if counter.condition else one


def change(slot: str) -> str:
    """Return an upsert that increments the version number of the figures."""
    conflict = _on_conflict("ticket_changes", ["changes"], "(slot)")
    return f"INSERT INTO ticket_changes (slot, changes) VALUES ({slot}, 1) {conflict}"


def bucket() -> str:
    """Return SQL for the bucket of `ms`: 50 equal parts of each doubling, from a second on.

    It uses integers only, so that every computer puts a time into the same bucket.
    """
    octaves = " ".join(
        f"WHEN ms < {2000 << octave} THEN ms / {20 << octave} + {50 * octave - 49}"
        for octave in range(OCTAVES)
    )
    return f"CASE WHEN ms IS NULL THEN NULL WHEN ms < 1000 THEN 0 {octaves} ELSE {LAST_BUCKET} END"


def _columns_of_key(counter: Counter) -> str:
    return f"({', '.join((*counter.keys, 'slot'))})"


def _on_conflict(table: str, figures: Iterable[str], key: str) -> str:
    sums = ", ".join(f"{figure} = {table}.{figure} + excluded.{figure}" for figure in figures)
    return f"ON CONFLICT {key} DO UPDATE SET {sums}"
