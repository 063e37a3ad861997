"""Scrolls parts of a page in the browser, without a request."""

from typing import Any

import reflex as rx
from reflex.vars import FunctionVar
from reflex_base.vars.function import ArgsFunctionOperation, FunctionStringVar


def scroll_to(element_id: str) -> Any:
    """Returns an event that brings the element into view, its beginning if it is too high for it.

    Without such an element nothing moves.
    """
    element = FunctionStringVar.create("document.getElementById").call(element_id).to(dict)
    scroll = element["scrollIntoView"].to(FunctionVar).call({"block": "nearest"})
    return rx.call_function(ArgsFunctionOperation.create((), scroll))


def leave_the_top(element_id: str) -> Any:
    """Returns an event that moves a scrolled part by a pixel. At its very top the browser would not
    keep what is read in its place when something is added above."""
    element = FunctionStringVar.create("document.getElementById").call(element_id).to(dict)
    scroll = element["scrollBy"].to(FunctionVar).call(0, 1)
    return rx.call_function(ArgsFunctionOperation.create((), scroll))
