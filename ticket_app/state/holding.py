"""A list that holds still while a person is in it: no row comes, goes or moves under the pointer.

What has come waits behind a button; what has gone stays in its place, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from ticket_app.schemas.tickets import TicketPublic
from ticket_app.state.rows import TicketRow, row_of

DELETED = "Deleted"
ELSEWHERE = "Left this list"


class Held(NamedTuple):
    """The rows in their places, with what is known of them now; and how many wait to be shown."""

    rows: list[TicketRow]
    waiting: int


def missing(shown: Sequence[TicketRow], listed: Sequence[TicketPublic]) -> list[int]:
    """The ids of the rows that are not among the newest of the list, and must be asked for."""
    ids = {ticket.id for ticket in listed}
    return [row.id for row in shown if row.id not in ids]


def held(
    shown: Sequence[TicketRow],
    listed: Sequence[TicketPublic],
    others: Mapping[int, TicketPublic],
    *,
    complete: bool,
) -> Held:
    """The rows that are `shown`, as they are now.

    `listed` are the newest of the list, in its order, `complete` where these are all; `others` are
    the tickets of `missing`, so far as they still exist.
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
    return Held(rows, _waiting(shown, listed, others))


def _waiting(
    shown: Sequence[TicketRow],
    listed: Sequence[TicketPublic],
    others: Mapping[int, TicketPublic],
) -> int:
    """How many tickets belong among the rows; those behind the last row come by scrolling."""
    ids = {row.id for row in shown}
    places = [_place(ticket) for ticket in (*listed, *others.values()) if ticket.id in ids]
    last = min(places, default=None)
    new = (ticket for ticket in listed if ticket.id not in ids)
    return sum(1 for ticket in new if last is None or _place(ticket) > last)


def _place(ticket: TicketPublic) -> tuple[datetime, int]:
    return ticket.created_at, ticket.id
