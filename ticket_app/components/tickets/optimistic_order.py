"""An optimistic update of the board's order, in the browser, from the moment a card is lifted.

A move shows at once on any connection: the browser shows the person's order until the server has
answered that very move. While a card is dragged, nothing moves below it. One event, `Board.place`,
sends the move with the version that the card had when it was lifted (optimistic lock).

Everything here is an expression that the browser evaluates. docs/decisions/ gives the reasons.
"""

from collections.abc import Mapping
from typing import Any

import reflex as rx
from reflex.experimental.client_state import ClientStateVar
from reflex.vars import ArrayVar, ObjectVar

from ticket_app.components.browser.browser_functions import Object, as_object, call, function_of
from ticket_app.state.tickets.board import Board
from ticket_app.state.tickets.rows import TicketRow
from ticket_app.vocabulary import Status

Columns = ObjectVar[dict[str, list[TicketRow]]]

NO_MOVE: Mapping[str, Any] = {
    "move": 0,
    "before": 0,
    "loads": 0,
    "card": 0,
    "focus": 0,
    "cards": {},
}
"""The browser's part of the state: the number of a move (0: none), the number of an unanswered move
before it, Board.loads at that time, the moved card, the card whose menu has the focus, and the
cards of every column."""

_order = ClientStateVar.create("boardOrder", default=dict(NO_MOVE))


def is_ahead_of_server() -> rx.Var[bool]:
    """Returns True if the browser's order is ahead of the server's."""
    move = _number("move")
    return (move != 0) & (move != Board.answered) & (_number("loads") == Board.loads)


def is_unanswered(ticket: rx.Var[TicketRow]) -> rx.Var[bool]:
    """Returns True if this card was moved and the server has not answered yet."""
    return is_ahead_of_server() & (_number("card") == ticket.id)


def keeps_focus(ticket: rx.Var[TicketRow]) -> rx.Var[bool]:
    """Returns True if this card was moved by its menu, which keeps the focus in the new column."""
    return _number("focus") == ticket.id


def shown() -> Columns:
    """Returns the cards of each column, by status."""
    of_server = rx.Var.create({str(status): getattr(Board, status.value) for status in Status})
    return _columns(rx.cond(is_ahead_of_server(), _part("cards"), of_server))


def card_at(place: Object) -> Object:
    """Returns the ticket at a place of the package: {droppableId: a status, index}."""
    return as_object(_cards(shown(), place)[place["index"].to(int)])


def begin_drag() -> rx.Var[Any]:
    """Keeps the shown order when a card is lifted."""
    before = rx.cond(is_ahead_of_server(), _number("move"), 0)
    return _store(
        move=_now(), before=before, loads=Board.loads, card=_number("card"), cards=shown()
    )


def cancel_drag() -> rx.Var[Any]:
    """Restores the order of the move before, or the server's, when a card goes back."""
    return _store(
        move=_number("before"), loads=_number("loads"), card=_number("card"), cards=_part("cards")
    )


def reset_order() -> rx.Var[Any]:
    """Forgets the order when the person leaves the board."""
    return function_of((), [_store()])


def move(source: Object, target: Object, *, by_menu: bool = False) -> rx.Var[Any]:
    """Shows a card in its new place, and sends the move to the server."""
    card: rx.Var[Any] = rx.Var("card")
    rest: rx.Var[Any] = rx.Var("rest")
    placed: rx.Var[Any] = rx.Var("placed")
    tell = call(
        function_of(
            ("card", "placed", "move"),
            [
                _store(
                    move=rx.Var("move"),
                    loads=Board.loads,
                    card=as_object(card)["id"],
                    focus=as_object(card)["id"] if by_menu else 0,
                    cards=placed,
                ),
                _place_event(as_object(card), _columns(placed), target),
            ],
        ),
        card,
        placed,
        _now(),
    )
    place = call(
        function_of(("card", "placed"), tell), card, _with_card(_columns(rest), card, target)
    )
    return call(function_of(("card", "rest"), place), card_at(source), _without_card(source))


def _place_event(card: Object, placed: Columns, target: Object) -> rx.Var[Any]:
    index = target["index"].to(int)
    above = as_object(_cards(placed, target)[index - 1])["id"]
    event = Board.place(
        card["id"], card["version"], target["droppableId"],
        rx.cond(index > 0, above, 0), rx.Var("move"),
    )  # fmt: skip
    chain = rx.EventChain(events=[event], args_spec=rx.event.no_args_event_spec)
    return call(rx.Var.create(chain))


def _without_card(source: Object) -> rx.Var[Any]:
    cards, index = _cards(shown(), source), source["index"].to(int)
    return shown().merge(_column(source, cards[:index] + cards[index + 1 :]))


def _with_card(rest: Columns, card: rx.Var[Any], target: Object) -> rx.Var[Any]:
    cards, index = _cards(rest, target), target["index"].to(int)
    changed = as_object(card).merge(rx.Var.create({"status": target["droppableId"]}))
    one = rx.Var.create([changed]).to(ArrayVar, list[TicketRow])
    return rest.merge(_column(target, cards[:index] + one + cards[index:]))


def _column(place: Object, cards: rx.Var[Any]) -> Any:
    return rx.Var.create({place["droppableId"].to(str): cards})


def _cards(columns: Columns, place: Object) -> ArrayVar[list[TicketRow]]:
    return columns[place["droppableId"].to(str)].to(ArrayVar, list[TicketRow])


def _store(**parts: Any) -> rx.Var[Any]:
    return call(_order.set_value(NO_MOVE | parts))


def _number(part: str) -> rx.Var[int]:
    return _part(part).to(int)


def _part(part: str) -> rx.Var[Any]:
    found: rx.Var[Any] = as_object(_order.value)[part]
    return found


def _now() -> rx.Var[int]:
    return call(rx.Var("Date.now"))


def _columns(value: Any) -> Columns:
    found: Columns = value.to(ObjectVar, dict[str, list[TicketRow]])
    return found
