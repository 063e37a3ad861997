"""Named queries for tickets that have words in common, in the beginning of their texts.

A word consists of case-folded letters and digits, so that no character is special in a pattern.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Text, text
from sqlmodel import Session

from ticket_app.data.tickets.list_sql import NEWEST_FIRST
from ticket_app.data.tickets.predicates import PRESENT
from ticket_app.data.types import UtcDateTime

READ = 2_000
"""Characters of a description that are read; a title is read whole."""
SCANNED = 300
"""Tickets per word that the index finds and the database weighs, at most."""

BEGINNING = f"id, created_at, title || ' ' || substr(description, 1, {READ}) AS beginning"
HEAVIEST = "ORDER BY weight DESC, created_at DESC, id DESC LIMIT :limit"


class Beginning(NamedTuple):
    """A ticket's title and the beginning of its description."""

    id: int
    created_at: datetime
    text: str


def beginning_of(session: Session, ticket_id: int) -> Beginning | None:
    """Return the beginning of this ticket, or None if it does not exist or was deleted."""
    one = f"SELECT {BEGINNING} FROM ticket WHERE {PRESENT} AND id = :id"
    found = _beginnings(session, one, {"id": ticket_id})
    return found[0] if found else None


def newest_beginnings(session: Session, *, but: int, limit: int) -> list[Beginning]:
    """Return the beginnings of the newest tickets without the ticket `but`, newest first."""
    newest = f"FROM ticket WHERE {PRESENT} AND id <> :but {NEWEST_FIRST} LIMIT :limit"
    return _beginnings(session, f"SELECT {BEGINNING} {newest}", {"but": but, "limit": limit})


def beginnings_with(
    session: Session, words: Mapping[str, float], *, but: int, limit: int
) -> list[Beginning]:
    """Return the beginnings of at most `limit` tickets other than `but` with one of the words.

    The tickets with the highest sum of weights are chosen, and newer ones among equals. They come
    in any order. SCANNED tickets per word are weighed: the newest on SQLite, any on PostgreSQL.
    """
    values: dict[str, Any] = {"but": but, "limit": limit, "scanned": SCANNED}
    for number, (word, weight) in enumerate(words.items()):
        values |= {f"word_{number}": word, f"weight_{number}": weight}
    found = _on_sqlite if session.get_bind().dialect.name == "sqlite" else _on_postgresql
    return _beginnings(session, found(len(words)), values)


def _beginnings(session: Session, sql: str, values: Mapping[str, Any]) -> list[Beginning]:
    return [Beginning(*row) for row in session.execute(_statement(sql), values)]


@cache
def _statement(sql: str) -> Any:
    return text(sql).columns(id=BigInteger, created_at=UtcDateTime, beginning=Text)


@cache
def _on_postgresql(words: int) -> str:
    weight = _weight(f"strpos(folded, :word_{n}) > 0" for n in range(words))
    # MATERIALIZED makes the planner assume a full read, so it uses the index; execution still stops
    # at the limit.
    hits = ", ".join(
        f"hit_{n} AS MATERIALIZED (SELECT id, created_at, {weight} FROM ticket "
        f"WHERE {PRESENT} AND id <> :but AND folded LIKE '%' || :word_{n} || '%')"
        for n in range(words)
    )
    some = " UNION ".join(f"(SELECT * FROM hit_{n} LIMIT :scanned)" for n in range(words))
    return (
        f"WITH {hits}, heaviest AS (SELECT id FROM ({some}) AS hit {HEAVIEST}) "
        f"SELECT {BEGINNING} FROM heaviest JOIN ticket USING (id)"
    )


@cache
def _on_sqlite(words: int) -> str:
    weight = _weight(
        f"instr(title, :word_{n}) OR instr(description, :word_{n})" for n in range(words)
    )
    some = " UNION ".join(
        f"SELECT * FROM (SELECT rowid AS id, {weight} FROM ticket_text "
        f"WHERE ticket_text MATCH '\"' || :word_{n} || '\"' ORDER BY rowid DESC LIMIT :scanned)"
        for n in range(words)
    )
    return (
        f"WITH hit AS MATERIALIZED ({some}) SELECT {BEGINNING} FROM hit CROSS JOIN ticket "
        f"USING (id) WHERE {PRESENT} AND id <> :but {HEAVIEST}"
    )


def _weight(having: Iterable[str]) -> str:
    each = (f"CASE WHEN {has} THEN :weight_{n} ELSE 0 END" for n, has in enumerate(having))
    return f"{' + '.join(each)} AS weight"
