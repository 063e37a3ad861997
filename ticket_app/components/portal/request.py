"""The ticket of a signed link."""

import reflex as rx

from ticket_app.components.frame import PlainLink
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.components.portal.ticket import ticket_in_words
from ticket_app.state.portal.answering import LinkedAnswer
from ticket_app.state.portal.linked_ticket import LinkedTicket
from ticket_app.state.portal.receipt import PAGE


def linked_ticket() -> rx.Component:
    """Returns the ticket, or one sentence if the link leads to none."""
    return rx.fragment(
        problem(LinkedTicket.problem, LinkedTicket.retry),
        rx.cond(
            LinkedTicket.ticket.id,
            ticket_in_words(
                LinkedTicket.ticket,
                LinkedTicket,
                LinkedAnswer,
                LinkedTicket.close,
            ),
            rx.cond(
                LinkedTicket.is_wrong,
                rx.el.div(
                    rx.el.h1("This link leads to no ticket"),
                    rx.el.p(
                        "It may be incomplete, or the ticket was deleted. Copy the whole link, or "
                        "write to us anew."
                    ),
                    PlainLink.create("Write to us", href=PAGE, class_name="button"),
                    class_name="card empty",
                ),
                rx.fragment(rx.el.h1("Your ticket", class_name="unseen"), skeleton(3, "ghost-row")),
            ),
        ),
    )
