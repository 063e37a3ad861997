"""Values of a page's fields at the time of an event, whoever set them."""

from collections.abc import Iterable

import reflex as rx
from reflex_base.vars.function import FunctionStringVar


def value_of(element_id: str) -> rx.Var[str]:
    """Returns the value of the field with this id when the event is sent."""
    element = FunctionStringVar.create("document.getElementById").call(element_id).to(dict)
    return element["value"].to(str)


def values_of(element_ids: Iterable[str]) -> rx.Var[dict[str, str]]:
    """Returns the values of these fields by their ids."""
    return rx.Var.create({each: value_of(each) for each in element_ids})
