"""A ticket unfolded below its row."""

import reflex as rx

from ticket_app.components.badges import field_select
from ticket_app.components.focus import focus, ticket_title
from ticket_app.components.frame import icon
from ticket_app.components.times import exactly
from ticket_app.components.words import words
from ticket_app.state.actions import TicketActions
from ticket_app.state.detail import Detail, Line
from ticket_app.state.rows import TicketRow
from ticket_app.theme import field_word
from ticket_app.vocabulary import DecidedBy


def detail(ticket: rx.Var[TicketRow]) -> rx.Component:
    """The whole text and what can be done at the left; how it came about at the right."""
    shown = Detail.unfolded[ticket.id.to_string()]
    return rx.el.div(
        rx.el.div(
            rx.el.p(words(shown.description), class_name="text", dir="auto"),
            rx.el.div(
                _changing(
                    "category", ticket, ticket.category, ticket.category_by, shown.category_engine
                ),
                _changing(
                    "priority", ticket, ticket.priority, ticket.priority_by, shown.priority_engine
                ),
                rx.el.button(
                    icon("trash-2"),
                    rx.el.span("Delete"),
                    type="button",
                    on_click=[
                        focus(ticket_title(ticket.id)),
                        TicketActions.delete(ticket.id),
                        Detail.fold(ticket.id),
                    ],
                    class_name="button",
                ),
                class_name="actions",
            ),
        ),
        rx.el.aside(
            _lines("Filed", rx.el.li(exactly(ticket.filed_at))),
            rx.cond(
                shown.requester_name | shown.requester_email,
                _lines(
                    "Requester",
                    rx.fragment(_person(shown.requester_name), _person(shown.requester_email)),
                ),
            ),
            _lines("Suggested, and why", rx.foreach(shown.suggestions, _line)),
            _lines("History", rx.foreach(shown.history, _line)),
        ),
        class_name="detail",
    )


def _changing(
    field: str,
    ticket: rx.Var[TicketRow],
    value: rx.Var[str],
    decided_by: rx.Var[str],
    engine: rx.Var[str],
) -> rx.Component:
    """A select whose edge tells a suggestion from a decision."""
    suggested = decided_by == str(DecidedBy.TRIAGE)
    return rx.el.div(
        rx.el.span(field_word(field), class_name="small quiet"),
        field_select(field, ticket.id, value, ticket.version),
        words(
            rx.cond(
                suggested, rx.cond(engine, f"Suggested by {engine}", "Suggested"), "Set by a person"
            ),
            class_name="small quiet",
        ),
        class_name=rx.cond(suggested, "field suggested", "field"),
    )


def _lines(name: str, lines: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.h3(name), rx.el.ul(lines))


def _line(line: rx.Var[Line]) -> rx.Component:
    """Each value and each quotation runs its own way; the line, with its arrow, the page's way."""
    return rx.el.li(
        words(line.what),
        rx.cond(line.new, rx.el.span(": ")),
        rx.cond(line.old, rx.fragment(rx.el.bdi(line.old), rx.el.span(" → "))),
        rx.el.bdi(line.new),
        rx.el.span(" "),
        rx.el.span(
            words(line.note),
            rx.cond(line.at, rx.fragment(rx.el.span(", "), exactly(line.at))),
            class_name="quiet",
        ),
        rx.el.span(
            rx.foreach(line.quotes, lambda quote: rx.el.bdi("“" + quote + "”")), class_name="why"
        ),
    )


def _person(part: rx.Var[str]) -> rx.Component:
    return rx.cond(part, rx.el.li(words(part, dir="auto")))
