"""How the last act ended, in the place where it was done."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon


def outcome(wrong: rx.Var[str], done: rx.Var[str] | str, **props: Any) -> rx.Component:
    """Returns how the last act ended, in its place. `props` are those of the place."""
    return rx.el.div(
        rx.el.div(
            rx.cond(
                wrong,
                rx.el.p(icon("circle-alert"), words(wrong, dir="auto"), class_name="went-wrong"),
            ),
            role="alert",
        ),
        rx.el.div(
            rx.cond(done, rx.el.p(icon("circle-check"), words(done, dir="auto"))), role="status"
        ),
        class_name="outcome",
        **props,
    )
