"""Where the focus goes when the control that has it goes away; the browser does it, with no trip.

Nothing scrolls by it, unless it is asked to: what a person looks at stays where it is.
"""

from typing import Any

import reflex as rx
from reflex.vars import FunctionVar
from reflex_base.vars.function import ArgsFunctionOperation, FunctionStringVar

CONTENT = "content"
"""The id of the page's main part: where the focus goes when there is no better place."""
NEW_TICKET = "new-ticket"
"""The id of the button that opens the form."""


def focus(element_id: str | rx.Var[str]) -> Any:
    """An event that moves the focus to the element of this id; where there is none, it stays."""
    return rx.call_function(ArgsFunctionOperation.create((), _move(element_id, scroll=False)))


def focus_if_lost(*element_ids: str | rx.Var[str]) -> Any:
    """An event that moves a focus that has gone away to the last of these that there is, and brings
    that into view. Whoever has it elsewhere is left alone."""
    moves = [_move(each, scroll=True) for each in element_ids]
    is_lost = rx.Var("(document.activeElement === document.body)").to(bool)
    move = rx.cond(is_lost, rx.Var.create(moves), rx.Var("null"))
    return rx.call_function(ArgsFunctionOperation.create((), move))


def _move(element_id: str | rx.Var[str], *, scroll: bool) -> rx.Var[Any]:
    element = FunctionStringVar.create("document.getElementById").call(element_id).to(dict)
    return element["focus"].to(FunctionVar).call({"preventScroll": not scroll})


def to_top() -> Any:
    """An event that scrolls the page to its beginning."""
    scroll: FunctionVar[Any] = FunctionStringVar.create("window.scrollTo")
    return rx.call_function(ArgsFunctionOperation.create((), scroll.call(0, 0)))


def ticket_title(ticket_id: rx.Var[int]) -> rx.Var[str]:
    """The id of the title of a ticket's row."""
    return rx.Var.create("ticket-").to(str) + ticket_id.to_string()


def nobody_types() -> rx.Var[bool]:
    """Whether the focus is where no key can be lost; only for what is drawn after the page has
    loaded."""
    matches: FunctionVar[Any] = FunctionStringVar.create("document.activeElement.matches")
    return ~matches.call("input, textarea, select").to(bool)


def fits(media: str) -> rx.Var[bool]:
    """Whether the window is as this media query says, at the time of the event that asks."""
    asked = FunctionStringVar.create("window.matchMedia").call(media).to(dict)
    return asked["matches"].to(bool)
