"""What stands where content is still to come, or could not be had."""

from typing import Any

import reflex as rx

from ticket_app.components.focus import CONTENT, focus
from ticket_app.components.words import words


def problem(sentence: rx.Var[str], retry: Any) -> rx.Component:
    """What happened and what to do, where it happened; what was shown before stays below it."""
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


def ghosts(count: int, shape: str) -> rx.Component:
    """Grey shapes of the real size, until the first answer; `shape` is a class of desk.css."""
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
