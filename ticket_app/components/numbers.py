"""Counts with their thousands apart, as Python's `:,` writes them."""

import reflex as rx
from reflex.vars import FunctionVar
from reflex_base.vars.function import FunctionStringVar

THOUSANDS: FunctionVar = FunctionStringVar.create('Intl.NumberFormat("en").format')
"""The browser's own function, for a chart to call."""


def grouped(count: rx.Var[int]) -> rx.Var[str]:
    """A count in digits; nothing while it is not known."""
    return rx.cond(count >= 0, THOUSANDS.call(count), "")
