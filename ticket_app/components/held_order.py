"""The order of the board's cards, held by the browser from the moment that a card is lifted.

A move shows at once, however slow the line is: the browser shows the order that the person made,
until the server has answered that very move. While a card is dragged nothing moves below it, and
the version that it had when it was lifted goes to the server, by one event: `Board.place`.

Everything here is an expression for the browser to work out. docs/decisions/ tells why.
"""

from collections.abc import Mapping
from typing import Any

import reflex as rx
from reflex.experimental.client_state import ClientStateVar
from reflex.vars import ArrayVar, ObjectVar

from ticket_app.components.browser_functions import Object, as_object, call, function_of
from ticket_app.state.board import Board
from ticket_app.state.rows import TicketRow
from ticket_app.vocabulary import Status

Columns = ObjectVar[dict[str, list[TicketRow]]]

NOTHING: Mapping[str, Any] = {
    "move": 0,
    "before": 0,
    "loads": 0,
    "card": 0,
    "focus": 0,
    "cards": {},
}
"""What the browser holds: the number of a move (0: none), that of the move before which is not
answered either, Board.loads as it was then, the card that was moved, the card whose menu has the
focus, and the cards of every column."""

_hand = ClientStateVar.create("boardHand", default=dict(NOTHING))


def is_holding() -> rx.Var[bool]:
    """Whether the browser's order is ahead of the server's."""
    move = _held("move")
    return (move != 0) & (move != Board.answered) & (_held("loads") == Board.loads)


def is_unanswered(ticket: rx.Var[TicketRow]) -> rx.Var[bool]:
    """Whether this card was moved, and the server has not said yet that this is saved."""
    return is_holding() & (_held("card") == ticket.id)


def keeps_focus(ticket: rx.Var[TicketRow]) -> rx.Var[bool]:
    """Whether this card's menu moved it, and is to have the focus in its new column, too."""
    return _held("focus") == ticket.id


def shown() -> Columns:
    """The cards of each column, by status."""
    of_server = rx.Var.create({str(status): getattr(Board, status.value) for status in Status})
    return _columns(rx.cond(is_holding(), _in_hand("cards"), of_server))


def card_at(place: Object) -> Object:
    """The ticket at a place as the package tells it: {droppableId: a status, index}."""
    return as_object(_cards(shown(), place)[place["index"].to(int)])


def hold() -> rx.Var[Any]:
    """Keep the order that is shown: a card was lifted."""
    before = rx.cond(is_holding(), _held("move"), 0)
    return _keep(move=_now(), before=before, loads=Board.loads, card=_held("card"), cards=shown())


def let_go() -> rx.Var[Any]:
    """The card went back: what the move before it made is shown, or the server's order."""
    return _keep(
        move=_held("before"), loads=_held("loads"), card=_held("card"), cards=_in_hand("cards")
    )


def forget() -> rx.Var[Any]:
    """The board is left."""
    return function_of((), [_keep()])


def move(source: Object, target: Object, *, by_menu: bool = False) -> rx.Var[Any]:
    """Show a card in its new place, and tell the server."""
    card: rx.Var[Any] = rx.Var("card")
    rest: rx.Var[Any] = rx.Var("rest")
    placed: rx.Var[Any] = rx.Var("placed")
    tell = call(
        function_of(
            ("card", "placed", "move"),
            [
                _keep(
                    move=rx.Var("move"),
                    loads=Board.loads,
                    card=as_object(card)["id"],
                    focus=as_object(card)["id"] if by_menu else 0,
                    cards=placed,
                ),
                _sent(as_object(card), _columns(placed), target),
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


def _sent(card: Object, placed: Columns, target: Object) -> rx.Var[Any]:
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


def _keep(**parts: Any) -> rx.Var[Any]:
    return call(_hand.set_value(NOTHING | parts))


def _held(part: str) -> rx.Var[int]:
    return _in_hand(part).to(int)


def _in_hand(part: str) -> rx.Var[Any]:
    found: rx.Var[Any] = as_object(_hand.value)[part]
    return found


def _now() -> rx.Var[int]:
    return call(rx.Var("Date.now"))


def _columns(value: Any) -> Columns:
    found: Columns = value.to(ObjectVar, dict[str, list[TicketRow]])
    return found
