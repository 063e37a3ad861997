"""Two changes of one field of the ticket that is shown, and the choice between them."""

import reflex as rx

from ticket_app.components.browser.browser_functions import call
from ticket_app.components.browser.times import ago
from ticket_app.components.browser.words import words
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.conflicts import Conflict, Conflicts


def conflicts() -> rx.Component:
    """Returns the conflicts of this ticket, none in most cases."""
    return rx.el.div(
        rx.foreach(
            Conflicts.open,
            lambda each: rx.cond(each.ticket_id == Conversation.ticket.id, _conflict(each)),
        ),
        role="alert",
        class_name="conflicts",
    )


def _conflict(conflict: rx.Var[Conflict]) -> rx.Component:
    number = call(rx.Var("Date.now")).to(int)
    ticket_id, field = conflict.ticket_id, conflict.field
    return rx.el.div(
        rx.el.p(
            words(conflict.by, dir="auto", class_name="by"),
            words(" set " + conflict.word + " to "),
            rx.el.bdi(conflict.theirs),
            rx.el.span(" ("),
            ago(conflict.at),
            rx.el.span("). You chose "),
            rx.el.bdi(conflict.mine),
            rx.el.span("."),
        ),
        rx.el.button(
            "Keep theirs",
            type="button",
            on_click=Conflicts.keep_theirs(ticket_id, field),
            class_name="button low",
        ),
        rx.el.button(
            "Set mine",
            type="button",
            on_click=TicketActions.change(
                ticket_id, field, conflict.value, number, conflict.version
            ),
            class_name="button low",
        ),
        class_name="conflict",
        custom_attrs={"data-field": field},
    )
