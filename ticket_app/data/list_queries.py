"""Named queries for pages of tickets, which cost the same however many tickets there are.

A page of what is frequent is full after some of the newest tickets from the cursor on have been
looked at one by one: SAMPLED of them, and where these say that SCANNED will do, so many. What is
rarer is found by an index: of trigrams for a search, of facets for filters alone. A search without
a trigram has no index; it looks at one ticket after the other, for as long as a statement may take.
"""

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, BindParameter, Text, TextClause, bindparam, text
from sqlmodel import Session

from ticket_app.data.facets import facets_of, filtered, traits_of
from ticket_app.data.folding import fold
from ticket_app.data.list_sql import Dialect, Shape, Way, count_statement, page_statement
from ticket_app.data.types import UtcDateTime
from ticket_app.schemas import Position, TicketFilter

SAMPLED = 400
SCANNED = 4_000
"""Some 2 ms: a page of 50 of what one ticket in eighty is, is full by then."""
TRIGRAM = 3
ESCAPE = "\\"


class Listed(NamedTuple):
    """A ticket of a page: where it stands, and a TicketPublic as JSON."""

    id: int
    created_at: datetime
    json: str


def newest_tickets(
    session: Session, wanted: TicketFilter, *, limit: int, after: Position | None
) -> list[Listed]:
    """At most `limit` tickets, newest first, that come behind `after` in that order."""
    values = _values(session, wanted) | {"limit": limit}
    if after is not None:
        values |= {"after_time": after.created_at, "after_id": after.id}

    def ask(way: Way, scanned: int) -> list[Listed]:
        statement = _page(_shape(session, wanted, way, behind=after is not None))
        return [Listed(*row) for row in session.execute(statement, values | {"scanned": scanned})]

    if wanted.search is None and not filtered(wanted):
        return ask(Way.ONE_BY_ONE, 0)
    listed = ask(Way.AMONG_NEWEST, SAMPLED)
    if _scanning_will_do(len(listed), limit):
        listed = ask(Way.AMONG_NEWEST, SCANNED)
    return listed if len(listed) == limit else ask(_way_of_the_rare(wanted), 0)


def count_found(session: Session, wanted: TicketFilter, *, at_most: int) -> int:
    """How many tickets a search finds; counting stops at `at_most`."""
    values = _values(session, wanted) | {"limit": at_most, "scanned": SCANNED}
    found = 0
    for way in (Way.AMONG_NEWEST, _way_of_the_rare(wanted)):
        statement = _count(_shape(session, wanted, way, behind=False))
        found = session.scalar(statement, values) or 0
        if found == at_most:
            break
    return found


def _scanning_will_do(found: int, limit: int) -> bool:
    """Whether SCANNED tickets are likely to hold a page, if SAMPLED of them hold `found` of it."""
    return found < limit <= found * SCANNED / SAMPLED


def _way_of_the_rare(wanted: TicketFilter) -> Way:
    if wanted.search is None:
        return Way.BY_FACET
    return Way.BY_TEXT if _has_trigram(wanted.search) else Way.ONE_BY_ONE


def _has_trigram(search: str) -> bool:
    """PostgreSQL takes trigrams from letters and digits alone."""
    parts = "".join(one if one.isalnum() else " " for one in search).split()
    return any(len(part) >= TRIGRAM for part in parts)


def _shape(session: Session, wanted: TicketFilter, way: Way, *, behind: bool) -> Shape:
    search = wanted.search is not None
    return Shape(_dialect(session), way, tuple(filtered(wanted)), search, behind)


def _values(session: Session, wanted: TicketFilter) -> dict[str, Any]:
    values: dict[str, Any] = {field: getattr(wanted, field) for field in filtered(wanted)}
    if wanted.search is not None:
        return values | _sought(session, wanted)
    facets = facets_of(wanted)
    return values | {"facets": facets if _dialect(session) == "postgresql" else str(facets)}


def _sought(session: Session, wanted: TicketFilter) -> dict[str, Any]:
    search = wanted.search or ""
    if _dialect(session) == "sqlite":
        folded = fold(search) or ""
        quoted = folded.replace('"', '""')
        return {"search": folded, "phrase": f'"{quoted}"'}
    for special in (ESCAPE, "%", "_"):  # the search's own stand for themselves
        search = search.replace(special, ESCAPE + special)
    traits = {f"{field}_traits": traits_of(wanted, field) for field in filtered(wanted)}
    return {"pattern": f"%{search}%"} | traits


@cache
def _page(shape: Shape) -> Any:
    statement = _bound(page_statement(shape), shape)
    return statement.columns(id=BigInteger, created_at=UtcDateTime, json=Text)


@cache
def _count(shape: Shape) -> TextClause:
    return _bound(count_statement(shape), shape)


def _bound(sql: str, shape: Shape) -> TextClause:
    bound: list[BindParameter[Any]] = [
        bindparam(field, expanding=True) for field in shape.fields if f"IN :{field}" in sql
    ]
    if shape.behind:
        bound.append(bindparam("after_time", type_=UtcDateTime))
    return text(sql).bindparams(*bound)


def _dialect(session: Session) -> Dialect:
    return "sqlite" if session.get_bind().dialect.name == "sqlite" else "postgresql"
