"""Updates a column of the board without moving the cards that stay in it.

A card that leaves becomes a gap until the column is put in order, unless no card is below it. A new
card is appended. The person decides when the column is put in order.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import NamedTuple

from ticket_app.state.tickets.rows import TicketRow

GAPS_MAX = 20
DELETED = "deleted"
"""The status of a card whose ticket was deleted."""


class UpdatedColumn(NamedTuple):
    """The cards and gaps to show, and the ids of cards that stand below older ones."""

    rows: list[TicketRow]
    late: list[int]


def is_gap(row: TicketRow, status: str) -> bool:
    """Returns True if the card has left this column."""
    return row.status != status


def updated_column(
    shown: list[TicketRow],
    status: str,
    *,
    newest: list[int],
    tickets: Mapping[int, TicketRow],
    late: Collection[int],
    limit: int,
) -> UpdatedColumn:
    """Returns the shown cards with the present values of their tickets, and new cards below them.

    `newest` is the column's first page. `tickets` has every existing ticket of `newest` and
    `shown`. `late` is the result of the last call. `limit` is the number of cards to fill the
    column up to.
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
    return UpdatedColumn(rows, still_late + out_of_place)


def in_order(
    newest: list[int], status: str, tickets: Mapping[int, TicketRow], kept: Collection[int]
) -> list[TicketRow]:
    """Returns the column's first page, below the older cards that the person put there (`kept`)."""
    above = [one for one in kept if one in tickets and one not in newest]
    return [tickets[one] for one in [*above, *newest] if tickets[one].status == status]


def without(rows: list[TicketRow], ticket_id: int) -> list[TicketRow]:
    """Returns the rows without this ticket's."""
    return [row for row in rows if row.id != ticket_id]


def put_below(rows: list[TicketRow], row: TicketRow, above: int) -> list[TicketRow]:
    """Returns the rows with `row` below ticket `above`, or on top if `above` is not among them."""
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
