"""A card of the board, and the gap that a card leaves."""

import reflex as rx
from reflex.event import EventChain
from reflex_base.vars.function import FunctionVar
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.badges import badge, category_tag, options, urgency
from ticket_app.components.browser.browser_functions import as_object, function_of
from ticket_app.components.browser.dnd import Draggable
from ticket_app.components.browser.times import ago
from ticket_app.components.browser.words import words
from ticket_app.components.tickets.detail import page_of
from ticket_app.components.tickets.optimistic_order import is_unanswered, keeps_focus, move
from ticket_app.state.tickets.rows import TicketRow
from ticket_app.theme import LOOKS, field_word


def card(ticket: rx.Var[TicketRow], index: rx.Var[int], column: rx.Var[str]) -> rx.Component:
    """Returns a card that a person can drag."""
    return Draggable.create(
        rx.fragment(
            words(ticket.title, class_name="words", dir="auto"),
            rx.el.span(
                words(f"#{ticket.id}", class_name="number"),
                category_tag(ticket.category),
                rx.cond(is_unanswered(ticket), words("Not saved yet"), ago(ticket.filed_at)),
                class_name="row-meta",
            ),
            rx.el.span(
                badge("priority", ticket.priority),
                badge("sentiment", ticket.sentiment),
                class_name="foot",
            ),
        ),
        rx.el.span(
            _status_select(ticket, index, column),
            urgency(ticket.urgency),
            ReactRouterLink.create(
                rx.icon("arrow-up-right", size=16, custom_attrs={"aria-hidden": "true"}),
                to=page_of(ticket.id),
                title="Open the ticket",
                class_name="open-card",
                custom_attrs={"aria-label": f"Open ticket {ticket.id}"},
            ),
            class_name="foot",
        ),
        draggable_id=ticket.id.to_string(),
        handle_id=f"card-{ticket.id}",
        index=index,
        class_name="ticket-card",
    )


def gap(ticket: rx.Var[TicketRow], index: rx.Var[int], column: rx.Var[str]) -> rx.Component:
    """Returns the gap of a card that somebody else moved or deleted. So nothing below it moves.

    The stylesheet writes the title invisibly, for its height alone. It is no text of the page.
    """
    moved = [(str(status), f"is now {look.word}") for status, look in LOOKS["status"].items()]
    return Draggable.create(
        rx.fragment(
            rx.el.span(class_name="words", custom_attrs={"data-words": ticket.title}),
            rx.el.span(class_name="room-of-lines"),
            rx.el.span(
                words(f"#{ticket.id} "),
                words(rx.match(ticket.status, *moved, "is deleted")),
                class_name="where",
            ),
        ),
        draggable_id=f"gap-{column}-{ticket.id}",
        index=index,
        is_drag_disabled=True,
        class_name="ticket-card gap",
    )


def _status_select(
    ticket: rx.Var[TicketRow], index: rx.Var[int], column: rx.Var[str]
) -> rx.Component:
    """Returns the status with its dot. Choosing another puts the card on top of that column."""
    here = as_object(rx.Var.create({"droppableId": column, "index": index}))
    there = as_object(rx.Var.create({"droppableId": rx.Var("chosen"), "index": 0}))
    change = function_of(("chosen",), [move(here, there, by_menu=True)])
    return rx.el.span(
        rx.el.span(class_name="dot"),
        rx.el.select(
            *options("status"),
            value=ticket.status,
            on_change=change.to(FunctionVar, EventChain),
            auto_focus=keeps_focus(ticket),
            custom_attrs={"aria-label": f"{field_word('status')} of ticket {ticket.id}"},
        ),
        class_name="status-select",
        custom_attrs={"data-status": ticket.status},
    )
