"""Keeps the rows of a list in place while a person is in it, so that none moves under the pointer.

New rows wait behind a button. A row that left the list stays in its place and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple

from ticket_app.schemas.tickets import TicketPublic
from ticket_app.state.tickets.rows import TicketRow, row_of
from ticket_app.vocabulary import URGENCY_MAX, Priority, Sort

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
    sort: Sort = Sort.NEWEST,
) -> StableRows:
    """Returns the `shown` rows in their places, with the present values of their tickets.

    `listed` are the list's first tickets in its order, which is that of `sort`; `complete` is True
    if these are all.
    `others` are the tickets of `missing` that still exist.
    """
    known = {ticket.id: ticket for ticket in listed}
    end = None if complete or not listed else _rank(listed[-1], sort)
    rows = []
    for row in shown:
        if row.id in known:
            rows.append(row_of(known[row.id]))
        elif row.id not in others:
            rows.append(replace(row, gone=DELETED))
        else:
            ticket = others[row.id]
            beyond = end is not None and _rank(ticket, sort) > end
            rows.append(replace(row_of(ticket), gone="" if beyond else ELSEWHERE))
    return StableRows(rows, _waiting(shown, listed, others, sort))


def _waiting(
    shown: Sequence[TicketRow],
    listed: Sequence[TicketPublic],
    others: Mapping[int, TicketPublic],
    sort: Sort,
) -> int:
    """Counts the new tickets above the last row. Those below come by scrolling."""
    ids = {row.id for row in shown}
    ranks = [_rank(ticket, sort) for ticket in (*listed, *others.values()) if ticket.id in ids]
    last = max(ranks, default=None)
    new = (ticket for ticket in listed if ticket.id not in ids)
    return sum(1 for ticket in new if last is None or _rank(ticket, sort) < last)


def _rank(ticket: TicketPublic, sort: Sort) -> tuple[float, float]:
    """Returns the place of a ticket in a list of this sort: smaller ones come first."""
    match sort:
        case Sort.NEWEST:
            return -ticket.created_at.timestamp(), -ticket.id
        case Sort.OLDEST:
            return ticket.created_at.timestamp(), ticket.id
        case Sort.WAITING:
            waits = ticket.waiting_since
            return (waits.timestamp() if waits else inf), ticket.id
        case Sort.URGENT:
            by_priority = list(Priority).index(ticket.priority) * (URGENCY_MAX + 1)
            return -(by_priority + ticket.urgency_score), ticket.id
        case Sort.CHANGED:
            return -ticket.updated_at.timestamp(), -ticket.id
