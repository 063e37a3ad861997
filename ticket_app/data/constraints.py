"""Builders of CHECK constraints, in SQL that both SQLite and PostgreSQL read unless marked for one.

The constraints themselves are in the folders of their domains: data/*/checks.py.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import CheckConstraint

from ticket_app.vocabulary import BLANKS, FACETS, INVISIBLE, REQUESTER_EMAIL_MAX

UNSEEN = "".join(
    f"{chr(max(first, 1))}-{chr(last)}" if last > first else chr(first) for first, last in INVISIBLE
)
"""Invisible characters except NUL, as a character class for patterns of either database. Trimming
by a list of them took PostgreSQL 30 microseconds a constraint and statement; a pattern takes 4."""
NEVER_IN_ADDRESS = ("@%@", " ", ",", ";", ":", "<", ">", '"', "..")
"""Patterns of common mistakes in an address."""
LINE_ENDS = "\x01-\x1f\x7f-\x9f\u2028-\u2029"


def check(name: str, rule: str) -> CheckConstraint:
    """Return a named CHECK constraint."""
    return CheckConstraint(rule, name=name)


def facets_known(table: str) -> list[CheckConstraint]:
    """Require values of the vocabulary in the columns of FACETS."""
    return [one_of(f"{table}_{field}_known", field, values) for field, values in FACETS.items()]


def one_of(name: str, column: str, values: type[StrEnum]) -> CheckConstraint:
    """Require one of the values in the column."""
    return check(name, f"{column} IN ({listed(values)})")


def listed(values: Iterable[StrEnum]) -> str:
    """Return the values as an SQL list of literals."""
    return ", ".join(f"'{value}'" for value in values)


def address(column: str) -> str:
    """Return SQL that is true for what may be an e-mail address. A database cannot check them all
    by their rules."""
    never = "".join(f" AND {column} NOT LIKE '%{each}%'" for each in NEVER_IN_ADDRESS)
    return f"{column} LIKE '%_@_%' AND length({column}) <= {REQUESTER_EMAIL_MAX}{never}"


def trimmed(column: str) -> str:
    """Return SQL for the column without leading and trailing blanks."""
    return f"trim({column}, '{BLANKS}')"


def has_visible_character(name: str, column: str) -> list[CheckConstraint]:
    """Require a character in the column that is not invisible."""
    rules = {
        "sqlite": f"{column} GLOB '*[^{UNSEEN}]*'",
        "postgresql": f"{column} ~ '[^{UNSEEN}]'",
    }
    return _for_each_dialect(name, rules)


def one_line(name: str, column: str) -> list[CheckConstraint]:
    """Refuse control characters and line ends, except among the blanks at both ends."""
    rules = {
        "sqlite": f"{trimmed(column)} NOT GLOB '*[{LINE_ENDS}]*'",
        "postgresql": f"{trimmed(column)} !~ '[{LINE_ENDS}]'",
    }
    return _for_each_dialect(name, rules)


def _for_each_dialect(name: str, rules: Mapping[str, str]) -> list[CheckConstraint]:
    return [check(name, rule).ddl_if(dialect=dialect) for dialect, rule in rules.items()]


def sqlite_times(table: str, *columns: str) -> list[CheckConstraint]:
    """Require a valid time of the fixed width: SQLite has no type for times."""
    return [
        CheckConstraint(
            f"datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26",
            name=f"{table}_{column}_time",
        ).ddl_if(dialect="sqlite")
        for column in columns
    ]


def sqlite_flags(table: str, *columns: str) -> list[CheckConstraint]:
    """Require 0 or 1: SQLite has no type for booleans."""
    return [
        CheckConstraint(f"{column} IN (0, 1)", name=f"{table}_{column}_flag").ddl_if(
            dialect="sqlite"
        )
        for column in columns
    ]


def sqlite_no_nul(table: str, *columns: str) -> list[CheckConstraint]:
    """Refuse NUL on SQLite, whose length() stops at it. PostgreSQL's text cannot hold one."""
    return [
        CheckConstraint(f"instr({column}, char(0)) = 0", name=f"{table}_{column}_no_nul").ddl_if(
            dialect="sqlite"
        )
        for column in columns
    ]
