"""A figure of a strip: its name, and its value once that is known."""

import reflex as rx

from ticket_app.components.words import words


def figure(name: str, value: rx.Var[int] | rx.Var[str], loaded: rx.Var[bool]) -> rx.Component:
    """A pair for a description list; a dash stands for what is still to come."""
    known = words(rx.cond(loaded, value, "–"))
    return rx.el.div(rx.el.dt(name), rx.el.dd(known), class_name="figure")
