"""A figure of a strip: its name, and its value once that is known."""

import reflex as rx


def figure(name: str, value: rx.Var[int] | rx.Var[str], loaded: rx.Var[bool]) -> rx.Component:
    """A pair for a description list; a dash stands for what is still to come."""
    return rx.el.div(rx.el.dt(name), rx.el.dd(rx.cond(loaded, value, "–")), class_name="figure")
