"""The page for an unknown address."""

import reflex as rx

from ticket_app.components.frame import frame


def missing() -> rx.Component:
    """Returns one sentence and one action."""
    return frame(
        "Nothing here",
        "",
        rx.el.div(
            rx.el.p("There is no page at this address."),
            rx.el.a("Go to the desk", href="/", class_name="button main-action"),
            class_name="card empty",
        ),
    )
