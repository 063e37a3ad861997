"""A ticket unfolded below its row."""

import reflex as rx

from ticket_app.components.badges import field_select
from ticket_app.components.frame import icon
from ticket_app.state.actions import TicketActions
from ticket_app.state.detail import Detail, Line
from ticket_app.state.rows import TicketRow
from ticket_app.theme import FIELD_WORDS
from ticket_app.vocabulary import DecidedBy


def detail(ticket: rx.Var[TicketRow]) -> rx.Component:
    """The whole text and what can be done at the left; how it came about at the right."""
    return rx.el.div(
        rx.el.div(
            rx.el.p(Detail.description, class_name="text"),
            rx.el.div(
                _changing("category", ticket, ticket.category, ticket.category_by),
                _changing("priority", ticket, ticket.priority, ticket.priority_by),
                rx.el.button(
                    icon("trash-2"),
                    "Delete",
                    type="button",
                    on_click=[TicketActions.delete(ticket.id), Detail.fold],
                    class_name="button",
                ),
                class_name="actions",
            ),
        ),
        rx.el.aside(
            _lines("Filed", rx.el.li(ticket.opened)),
            rx.cond(Detail.requester, _lines("Requester", rx.el.li(Detail.requester))),
            _lines("Suggested, and why", rx.foreach(Detail.suggestions, _line)),
            _lines("History", rx.foreach(Detail.history, _line)),
        ),
        class_name="detail",
    )


def _changing(
    field: str, ticket: rx.Var[TicketRow], value: rx.Var[str], decided_by: rx.Var[str]
) -> rx.Component:
    """A select whose edge tells a suggestion from a decision."""
    suggested = decided_by == str(DecidedBy.TRIAGE)
    return rx.el.div(
        rx.el.span(FIELD_WORDS[field], class_name="small quiet"),
        field_select(field, ticket.id, value),
        rx.el.span(
            rx.cond(suggested, f"Suggested by {ticket.engine}", "Set by a person"),
            class_name="small quiet",
        ),
        class_name=rx.cond(suggested, "field suggested", "field"),
    )


def _lines(name: str, lines: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.h3(name), rx.el.ul(lines))


def _line(line: rx.Var[Line]) -> rx.Component:
    return rx.el.li(
        line.what,
        " ",
        rx.el.span(line.note, class_name="quiet"),
        rx.cond(line.why, rx.el.span(line.why, class_name="why")),
    )
