"""Keeps the rows of a list in place while a person is in it, so that none moves under the pointer.

New rows wait behind a button. A row that left the list stays in its place and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from ticket_app.schemas.tickets import TicketPublic
from ticket_app.state.tickets.rows import TicketRow, row_of

DELETED = "Deleted"
ELSEWHERE = "Left this list"


class StableRows(NamedTuple):
    """The rows in their places, with present values, and the number of tickets not shown yet."""

    rows: list[TicketRow]
    waiting: int


def missing(shown: Sequence[TicketRow], listed: Sequence[TicketPublic]) -> list[int]:
    """Returns the ids of the rows that are not in `listed` and must be read."""
    ids = {ticket.id for ticket in listed}
    return [row.id for row in shown if row.id not in ids]


def stable_rows(
    shown: Sequence[TicketRow],
    listed: Sequence[TicketPublic],
    others: Mapping[int, TicketPublic],
    *,
    complete: bool,
) -> StableRows:
    """Returns the `shown` rows in their places, with the present values of their tickets.

    `listed` are the list's newest tickets in its order; `complete` is True if these are all.
    `others` are the tickets of `missing` that still exist.
    """
    known = {ticket.id: ticket for ticket in listed}
    end = None if complete or not listed else _place(listed[-1])
    rows = []
    for row in shown:
        if row.id in known:
            rows.append(row_of(known[row.id]))
        elif row.id not in others:
            rows.append(replace(row, gone=DELETED))
        else:
            ticket = others[row.id]
            beyond = end is not None and _place(ticket) < end
            rows.append(replace(row_of(ticket), gone="" if beyond else ELSEWHERE))
    return StableRows(rows, _waiting(shown, listed, others))


def _waiting(
    shown: Sequence[TicketRow],
    listed: Sequence[TicketPublic],
    others: Mapping[int, TicketPublic],
) -> int:
    """Counts the new tickets above the last row. Older ones come by scrolling."""
    ids = {row.id for row in shown}
    places = [_place(ticket) for ticket in (*listed, *others.values()) if ticket.id in ids]
    last = min(places, default=None)
    new = (ticket for ticket in listed if ticket.id not in ids)
    return sum(1 for ticket in new if last is None or _place(ticket) > last)


def _place(ticket: TicketPublic) -> tuple[datetime, int]:
    return ticket.created_at, ticket.id
