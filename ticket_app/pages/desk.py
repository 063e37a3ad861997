"""The desk: the form, the figures, the queue."""

import reflex as rx

from ticket_app.components.figures import figures
from ticket_app.components.filters import filters
from ticket_app.components.form import new_ticket
from ticket_app.components.frame import below_the_sheet, frame
from ticket_app.components.queue import queue


def desk() -> rx.Component:
    """Two columns; on a small screen the queue, with the form one tap away."""
    return frame(
        "Desk",
        "/",
        rx.el.div(
            new_ticket(),
            rx.el.div(
                figures(),
                filters(),
                queue(),
                class_name="queue",
                custom_attrs=below_the_sheet("/"),
            ),
            class_name="desk",
        ),
    )
