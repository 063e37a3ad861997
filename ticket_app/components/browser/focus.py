"""Moves the focus in the browser, without a request, when the control that has it disappears.

Only `focus_if_lost` scrolls. Otherwise the page stays where the person looks.
"""

from typing import Any

import reflex as rx
from reflex.vars import FunctionVar
from reflex_base.vars.function import ArgsFunctionOperation, FunctionStringVar

CONTENT = "content"
"""The id of the page's main part, which takes the focus if there is no better place."""
NEW_TICKET = "new-ticket"
"""The id of the button that opens the form."""


def focus(element_id: str | rx.Var[str]) -> Any:
    """Returns an event that focuses the element with this id. Without one the focus stays."""
    return rx.call_function(ArgsFunctionOperation.create((), _move(element_id, scroll=False)))


def focus_unless_typing(element_id: str) -> Any:
    """Returns an event that focuses the element with this id, if there is one, unless a field has
    the focus: what is typed there would go on in another field."""
    exists = FunctionStringVar.create("document.getElementById").call(element_id).to(bool)
    move = rx.cond(exists & nobody_types(), _move(element_id, scroll=False), rx.Var("null"))
    return rx.call_function(ArgsFunctionOperation.create((), move))


def focus_if_lost(*element_ids: str | rx.Var[str]) -> Any:
    """Returns an event that focuses the last existing one of these elements if the focus was lost,
    and scrolls to it. A focus elsewhere stays."""
    moves = [_move(each, scroll=True) for each in element_ids]
    is_lost = rx.Var("(document.activeElement === document.body)").to(bool)
    move = rx.cond(is_lost, rx.Var.create(moves), rx.Var("null"))
    return rx.call_function(ArgsFunctionOperation.create((), move))


def _move(element_id: str | rx.Var[str], *, scroll: bool) -> rx.Var[Any]:
    element = FunctionStringVar.create("document.getElementById").call(element_id).to(dict)
    return element["focus"].to(FunctionVar).call({"preventScroll": not scroll})


def to_top() -> Any:
    """Returns an event that scrolls to the top of the page."""
    scroll: FunctionVar[Any] = FunctionStringVar.create("window.scrollTo")
    return rx.call_function(ArgsFunctionOperation.create((), scroll.call(0, 0)))


def ticket_title(ticket_id: rx.Var[int]) -> rx.Var[str]:
    """Returns the id of the title of a ticket's row."""
    return rx.Var.create("ticket-").to(str) + ticket_id.to_string()


def nobody_types() -> rx.Var[bool]:
    """Returns True if no field has the focus, so that moving it loses no key.

    Only components that are drawn after the page has loaded may use it.
    """
    matches: FunctionVar[Any] = FunctionStringVar.create("document.activeElement.matches")
    return ~matches.call("input, textarea, select").to(bool)


def fits(media: str) -> rx.Var[bool]:
    """Returns True if the window matches this media query at the time of the event."""
    asked = FunctionStringVar.create("window.matchMedia").call(media).to(dict)
    return asked["matches"].to(bool)
