"""Where the focus goes when the control that has it goes away; the browser does it, with no trip.

Nothing scrolls by it: what a person looks at stays where it is.
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
    element = FunctionStringVar.create("document.getElementById").call(element_id).to(dict)
    move = element["focus"].to(FunctionVar).call({"preventScroll": True})
    return rx.call_function(ArgsFunctionOperation.create((), move))


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
