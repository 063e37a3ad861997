"""A ticket in the words of its requester: how far it is, and what was written."""

import reflex as rx

from ticket_app.components.browser.times import at_minute, on_day
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.state.portal.plain_words import OwnTicket
from ticket_app.vocabulary import Status


def ticket_in_words(ticket: rx.Var[OwnTicket]) -> rx.Component:
    """Returns one ticket. Its state is told to screen readers when it changes."""
    return rx.el.article(
        rx.el.p(
            words(rx.Var.create("Ticket ").to(str) + ticket.id.to_string()), class_name="quiet"
        ),
        rx.el.h1(words(ticket.title, dir="auto")),
        rx.el.div(
            rx.el.div(
                state_mark(ticket.status),
                rx.cond(
                    ticket.settled_at,
                    rx.el.span(words(ticket.state + " on "), on_day(ticket.settled_at)),
                    words(ticket.sentence),
                ),
                class_name="state-sentence",
                role="status",
            ),
            rx.el.dl(
                _moment("Received", at_minute(ticket.filed_at)),
                rx.cond(ticket.settled_at, _moment(ticket.state, at_minute(ticket.settled_at))),
                class_name="moments",
            ),
            class_name="card state-card",
            custom_attrs={"data-status": ticket.status},
        ),
        rx.el.h2("What you wrote"),
        rx.el.p(words(ticket.description), class_name="card own-words", dir="auto"),
        class_name="own-ticket",
    )


def state_mark(status: rx.Var[str]) -> rx.Component:
    """Returns the icon of a status: its shape tells it, not its colour alone."""
    return rx.el.span(
        rx.match(
            status,
            (Status.OPEN.value, icon("circle")),
            (Status.IN_PROGRESS.value, icon("circle-dot")),
            (Status.RESOLVED.value, icon("circle-check")),
            icon("circle-slash"),
        ),
        class_name="state-mark",
    )


def short_state(ticket: rx.Var[OwnTicket]) -> rx.Component:
    """Returns the state of a row: the day on which a ticket was settled says more than a word."""
    return rx.el.span(
        state_mark(ticket.status),
        words(ticket.state),
        rx.cond(ticket.settled_at, on_day(ticket.settled_at)),
        class_name="row-state",
        custom_attrs={"data-status": ticket.status},
    )


def _moment(word: str | rx.Var[str], time: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.dt(words(word)), rx.el.dd(time))
