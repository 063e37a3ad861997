"""What CHECK constraints are made of: plain SQL that SQLite and PostgreSQL both read, unless marked
for one of them.

The constraints are with the tables of their domain, data/*/checks.py.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import CheckConstraint

from ticket_app.vocabulary import BLANKS, FACETS, INVISIBLE

UNSEEN = "".join(
    f"{chr(max(first, 1))}-{chr(last)}" if last > first else chr(first) for first, last in INVISIBLE
)
"""What is invisible, but NUL, as both engines write it in the brackets of a pattern. To trim a text
by a list of it took PostgreSQL 30 microseconds a rule and statement; the pattern takes 4."""
LINE_ENDS = "\x01-\x1f\x7f-\x9f\u2028-\u2029"


def check(name: str, rule: str) -> CheckConstraint:
    """A rule, by its name."""
    return CheckConstraint(rule, name=name)


def facets_known(table: str) -> list[CheckConstraint]:
    """The columns of FACETS hold values of the vocabulary."""
    return [one_of(f"{table}_{field}_known", field, values) for field, values in FACETS.items()]


def one_of(name: str, column: str, values: type[StrEnum]) -> CheckConstraint:
    """The column holds one of the values."""
    return check(name, f"{column} IN ({listed(values)})")


def listed(values: Iterable[StrEnum]) -> str:
    """The values as SQL lists them."""
    return ", ".join(f"'{value}'" for value in values)


def trimmed(column: str) -> str:
    """The column without the blanks around it."""
    return f"trim({column}, '{BLANKS}')"


def shown(name: str, column: str) -> list[CheckConstraint]:
    """The text shows something: not all of its characters are invisible."""
    rules = {
        "sqlite": f"{column} GLOB '*[^{UNSEEN}]*'",
        "postgresql": f"{column} ~ '[^{UNSEEN}]'",
    }
    return _for_each_dialect(name, rules)


def one_line(name: str, column: str) -> list[CheckConstraint]:
    """No control characters within; at the ends, blanks are none."""
    rules = {
        "sqlite": f"{trimmed(column)} NOT GLOB '*[{LINE_ENDS}]*'",
        "postgresql": f"{trimmed(column)} !~ '[{LINE_ENDS}]'",
    }
    return _for_each_dialect(name, rules)


def _for_each_dialect(name: str, rules: Mapping[str, str]) -> list[CheckConstraint]:
    return [check(name, rule).ddl_if(dialect=dialect) for dialect, rule in rules.items()]


def sqlite_times(table: str, *columns: str) -> list[CheckConstraint]:
    """SQLite has no time type: the text must be a real moment in the one fixed width."""
    return [
        CheckConstraint(
            f"datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26",
            name=f"{table}_{column}_time",
        ).ddl_if(dialect="sqlite")
        for column in columns
    ]


def sqlite_no_nul(table: str, *columns: str) -> list[CheckConstraint]:
    """PostgreSQL's text cannot hold a NUL; SQLite's can, and length() would stop at it."""
    return [
        CheckConstraint(f"instr({column}, char(0)) = 0", name=f"{table}_{column}_no_nul").ddl_if(
            dialect="sqlite"
        )
        for column in columns
    ]
