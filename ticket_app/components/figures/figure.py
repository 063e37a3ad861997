"""A figure of a strip: its name and its value."""

import reflex as rx

from ticket_app.components.browser.words import words


def figure(name: str, value: rx.Var[int] | rx.Var[str], loaded: rx.Var[bool]) -> rx.Component:
    """Returns a pair for a description list, with a dash until the value is loaded."""
    known = words(rx.cond(loaded, value, "–"))
    return rx.el.div(rx.el.dt(name), rx.el.dd(known), class_name="figure")
