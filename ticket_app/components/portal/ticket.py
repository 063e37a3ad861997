"""A ticket in the words of its requester: how far it is, and what was written."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.focus import CONTENT, focus
from ticket_app.components.browser.times import at_minute, on_day
from ticket_app.components.browser.words import words
from ticket_app.components.conversation.composer import composer
from ticket_app.components.conversation.entries import description, entries, plain_text
from ticket_app.components.frame import icon
from ticket_app.state.conversation.composing import Composing
from ticket_app.state.conversation.paged import Paged
from ticket_app.state.portal.plain_words import YOU, OwnTicket
from ticket_app.vocabulary import Status


def ticket_in_words(
    ticket: rx.Var[OwnTicket],
    page: type[Paged],
    answer: type[Composing],
    close: Any,
) -> rx.Component:
    """Returns one ticket with what was said about it, and a box to answer. `page` has shown it.

    Its state is told to screen readers when it changes.
    """
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
            rx.cond(
                ticket.settled_at,
                rx.el.p("Write again, and it is open again.", class_name="quiet"),
                rx.el.button(
                    "I need no more help",
                    type="button",
                    title="Closes this ticket",
                    on_click=[focus(CONTENT), close(ticket.id)],
                    class_name="button low",
                ),
            ),
            class_name="card state-card",
            custom_attrs={"data-status": ticket.status},
        ),
        _said(ticket, page),
        composer(answer, ticket.id, label="Your answer"),
        class_name="own-ticket",
    )


def _said(ticket: rx.Var[OwnTicket], page: type[Paged]) -> rx.Component:
    """Returns what was said, the newest at the end."""
    return rx.fragment(
        rx.el.h2("What was said"),
        rx.el.ol(
            description(
                plain_text(words(ticket.description)), rx.Var.create(YOU).to(str), ticket.filed_at
            ),
            rx.cond(
                page.has_older,
                rx.el.li(
                    rx.el.button(
                        icon("arrow-up", 14),
                        rx.el.span("Earlier messages"),
                        type="button",
                        on_click=page.load_older(page.oldest),
                        class_name="button bare",
                    ),
                    class_name="older",
                ),
            ),
            entries(page),
            class_name="own-said",
        ),
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
