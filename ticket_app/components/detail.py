"""A ticket unfolded below its row."""

import reflex as rx

from ticket_app.components.badges import field_select
from ticket_app.components.frame import icon
from ticket_app.state.actions import TicketActions
from ticket_app.state.detail import Detail, Line
from ticket_app.state.rows import TicketRow
from ticket_app.theme import FIELD_WORDS


def detail(ticket: rx.Var[TicketRow]) -> rx.Component:
    """The whole text and what can be done at the left; how it came about at the right."""
    return rx.el.div(
        rx.el.div(
            rx.el.p(Detail.description, class_name="text"),
            rx.el.div(
                _changing("category", ticket.id, ticket.category),
                _changing("priority", ticket.id, ticket.priority),
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
            _lines("Suggested", rx.foreach(Detail.suggestions, _line)),
            _lines("History", rx.foreach(Detail.history, _line)),
        ),
        class_name="detail",
    )


def _changing(field: str, ticket_id: rx.Var[int], value: rx.Var[str]) -> rx.Component:
    return rx.el.div(
        rx.el.span(FIELD_WORDS[field], class_name="small quiet"),
        field_select(field, ticket_id, value),
        class_name="field",
    )


def _lines(name: str, lines: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.h3(name), rx.el.ul(lines))


def _line(line: rx.Var[Line]) -> rx.Component:
    return rx.el.li(line.what, " ", rx.el.span(line.note, class_name="quiet"))
