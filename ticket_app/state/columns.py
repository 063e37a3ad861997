"""How a column of the board follows the desk while somebody looks at it: what stays does not move.

A card that leaves keeps its room until the column is put in order, unless no card is below it. A
card that arrives stands at the end. Putting it in order is up to the person.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import NamedTuple

from ticket_app.state.rows import TicketRow

GAPS_MAX = 20
DELETED = "deleted"
"""Stands for the status of a card whose ticket was deleted."""


class Followed(NamedTuple):
    """The cards to show, with gaps, and the ids of those that are newer than the cards above."""

    rows: list[TicketRow]
    late: list[int]


def is_gap(row: TicketRow, status: str) -> bool:
    """Whether only the room of a card is left in this column."""
    return row.status != status


def followed(
    shown: list[TicketRow],
    status: str,
    *,
    newest: list[int],
    tickets: Mapping[int, TicketRow],
    late: Collection[int],
    limit: int,
) -> Followed:
    """What was shown, as its tickets are now.

    `newest` is the column's first page; `tickets` has every ticket of it and of what was shown, but
    those that were deleted. `late` is what the last call gave, `limit` the cards to fill up to.
    """
    rows = _with_gaps(shown, status, tickets)
    stay = {row.id for row in rows if not is_gap(row, status)}
    page = [one for one in newest if tickets[one].status == status]
    last = max((place for place, one in enumerate(page) if one in stay), default=-1)
    arrived = [one for one in page if one not in stay]
    room = arrived[: max(0, limit - len(stay))]
    behind = set(page[last + 1 :]) if stay else set(page)
    out_of_place = [one for one in arrived if one not in behind]
    rows = [row for row in rows if row.id not in room] + [tickets[one] for one in room]
    still_late = [one for one in late if one in stay and one not in out_of_place]
    return Followed(rows, still_late + out_of_place)


def in_order(
    newest: list[int], status: str, tickets: Mapping[int, TicketRow], kept: Collection[int]
) -> list[TicketRow]:
    """The column's first page, below what the person put there that is older."""
    above = [one for one in kept if one in tickets and one not in newest]
    return [tickets[one] for one in [*above, *newest] if tickets[one].status == status]


def without(rows: list[TicketRow], ticket_id: int) -> list[TicketRow]:
    """The rows but for this ticket's."""
    return [row for row in rows if row.id != ticket_id]


def put_below(rows: list[TicketRow], row: TicketRow, above: int) -> list[TicketRow]:
    """The rows with one more below the ticket `above`; on top where that is not there."""
    at = next((place + 1 for place, one in enumerate(rows) if one.id == above), 0)
    return [*rows[:at], row, *rows[at:]]


def _with_gaps(
    shown: list[TicketRow], status: str, tickets: Mapping[int, TicketRow]
) -> list[TicketRow]:
    rows = [tickets.get(row.id) or replace(row, status=DELETED) for row in shown]
    while rows and is_gap(rows[-1], status):
        rows.pop()
    if sum(is_gap(row, status) for row in rows) > GAPS_MAX:
        return [row for row in rows if not is_gap(row, status)]
    return rows
