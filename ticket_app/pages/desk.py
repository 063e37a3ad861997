"""The desk: the form, the figures, the queue."""

import reflex as rx

from ticket_app.components.figures.figures import figures
from ticket_app.components.form.form import new_ticket
from ticket_app.components.frame import below_the_sheet, frame
from ticket_app.components.tickets.filters import filters, named_requesters
from ticket_app.components.tickets.queue import queue


def desk() -> rx.Component:
    """Returns two columns. A small screen shows the queue, and the form is one tap away."""
    return frame(
        "Desk",
        "/",
        rx.el.div(
            new_ticket(),
            rx.el.div(
                figures(),
                filters(),
                named_requesters(),
                queue(),
                class_name="queue",
                custom_attrs=below_the_sheet("/"),
            ),
            class_name="desk",
        ),
    )
