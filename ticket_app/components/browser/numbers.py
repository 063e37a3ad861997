"""Counts with separated thousands, as Python's `:,` writes them."""

from typing import Any

import reflex as rx
from reflex.vars import FunctionVar
from reflex_base.vars.function import FunctionStringVar

_ENGLISH: rx.Var[Any] = FunctionStringVar.create("Intl.NumberFormat").call("en")
THOUSANDS: FunctionVar = _ENGLISH.to(dict)["format"].to(FunctionVar)
"""The browser's own function, for a chart to call."""


def grouped(count: rx.Var[int]) -> rx.Var[str]:
    """Returns a count in digits, or nothing if it is negative (unknown)."""
    return rx.cond(count >= 0, THOUSANDS.call(count), "")
