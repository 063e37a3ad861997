"""Sentences for screen readers during a drag, with the ticket and the words of the columns."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.browser_functions import Object, as_object
from ticket_app.components.tickets.optimistic_order import card_at
from ticket_app.theme import LOOKS

HOW_TO = (
    "Press the space bar to lift this ticket. Then the arrow keys move it, right and left between "
    "the columns, the space bar puts it down, and Escape puts it back. "
    "Some screen readers need their focus mode for this."
)


def lifted(source: Object) -> rx.Var[str]:
    """Announces that a card was lifted."""
    return f"{_ticket(source)} is lifted from {_place(source)}."


def over(source: Object, target: rx.Var[Any]) -> rx.Var[str]:
    """Announces the place below a lifted card. `target` is null outside the columns."""
    number = f"#{card_at(source)['id']}"
    return rx.cond(
        target, f"{number} is over {_place(as_object(target))}.", f"{number} is over no column."
    )


def put(source: Object, target: rx.Var[Any]) -> rx.Var[str]:
    """Announces that a card was put down, or went back if `target` is null."""
    return rx.cond(
        target,
        f"{_ticket(source)} is put into {_place(as_object(target))}.",
        f"{_ticket(source)} is back in {_place(source)}.",
    )


def _ticket(source: Object) -> str:
    card = card_at(source)
    return f"#{card['id']}, {card['title']},"


def _place(place: Object) -> str:
    words = rx.Var.create({str(status): look.word for status, look in LOOKS["status"].items()})
    return f"{words[place['droppableId'].to(str)]}, place {place['index'].to(int) + 1}"
