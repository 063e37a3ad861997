"""Content in place of what is not loaded yet, or could not be loaded."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.focus import CONTENT, focus
from ticket_app.components.browser.words import words


def problem(sentence: rx.Var[str], retry: Any) -> rx.Component:
    """Returns an error with a button to retry, in its place. Earlier content stays below it."""
    return rx.cond(
        sentence,
        rx.el.div(
            words(sentence, dir="auto"),
            rx.el.button(
                "Try again",
                type="button",
                on_click=[focus(CONTENT), retry],
                class_name="button low",
            ),
            role="alert",
            class_name="problem-box",
        ),
    )


def skeleton(count: int, shape: str) -> rx.Component:
    """Returns a skeleton of the real size for the first load. `shape` is a class of desk.css."""
    return rx.el.div(
        *(
            rx.el.div(
                rx.el.div(class_name="ghost", style={"width": "80%"}),
                rx.el.div(class_name="ghost", style={"width": "40%"}),
                class_name=shape,
            )
            for _ in range(count)
        ),
        class_name="skeleton",
        custom_attrs={"aria-hidden": "true"},
    )
