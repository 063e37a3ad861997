"""The details of a ticket, unfolded below its row."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.badges import field_select
from ticket_app.components.browser.focus import focus, ticket_title
from ticket_app.components.browser.times import exactly
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.address import ROUTE
from ticket_app.state.tickets.detail import Detail, Line
from ticket_app.state.tickets.evidence import Part
from ticket_app.state.tickets.rows import TicketRow
from ticket_app.theme import field_word
from ticket_app.vocabulary import DecidedBy


def detail(ticket: rx.Var[TicketRow]) -> rx.Component:
    """Returns the full text and the actions at the left, and the ticket's history at the right."""
    shown = Detail.unfolded[ticket.id.to_string()]
    return rx.el.div(
        rx.el.div(
            rx.el.p(marked(shown.description), class_name="text", dir="auto"),
            rx.el.div(
                field_choice(
                    "category", ticket, ticket.category, ticket.category_by, shown.category_engine
                ),
                field_choice(
                    "priority", ticket, ticket.priority, ticket.priority_by, shown.priority_engine
                ),
                ReactRouterLink.create(
                    icon("reply"),
                    rx.el.span("Open and answer"),
                    to=page_of(ticket.id),
                    class_name="button main-action",
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
            lines_of("Filed", rx.el.li(exactly(ticket.filed_at))),
            rx.cond(
                shown.requester_name | shown.requester_email,
                lines_of(
                    "Requester",
                    rx.fragment(
                        person_part(shown.requester_name),
                        person_part(shown.requester_email),
                        rx.cond(shown.others_at, other_tickets(shown.others_at)),
                    ),
                ),
            ),
            lines_of("Suggested, and why", rx.foreach(shown.suggestions, history_line)),
            lines_of("History", rx.foreach(shown.history, history_line)),
        ),
        class_name="detail",
    )


def page_of(ticket_id: rx.Var[int]) -> rx.Var[str]:
    """Returns the address of a ticket's page."""
    return rx.Var.create(f"{ROUTE}/").to(str) + ticket_id.to_string()


def field_choice(
    field: str,
    ticket: rx.Var[TicketRow],
    value: rx.Var[str],
    decided_by: rx.Var[str],
    engine: rx.Var[str],
) -> rx.Component:
    """Returns a select whose border distinguishes a suggestion from a decision."""
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


def marked(parts: rx.Var[list[Part]]) -> rx.Component:
    """Returns a text whose marked parts say, on hover, for which fields they speak. The kind of
    line tells them apart, as in the list of suggestions."""
    return rx.foreach(
        parts,
        lambda part: rx.cond(
            part.speaks_for,
            rx.el.mark(
                words(part.text),
                title="Speaks for: " + part.speaks_for,
                custom_attrs={"data-for": part.speaks_for},
            ),
            words(part.text),
        ),
    )


def lines_of(name: str, lines: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.h3(name), rx.el.ul(lines))


def history_line(line: rx.Var[Line]) -> rx.Component:
    """Returns a line in the page's direction. Its values and quotations have their own."""
    return rx.el.li(
        words(line.what),
        rx.cond(line.new, rx.el.span(": ")),
        rx.cond(line.old, rx.fragment(rx.el.bdi(line.old), rx.el.span(" → "))),
        rx.el.bdi(line.new),
        rx.el.span(" "),
        rx.el.span(
            rx.cond(line.who, rx.fragment(rx.el.bdi(line.who), rx.el.span(" "))),
            words(line.note),
            rx.cond(line.at, rx.fragment(rx.el.span(", "), exactly(line.at))),
            class_name="quiet",
        ),
        rx.el.span(
            rx.foreach(line.quotes, lambda quote: rx.el.bdi("“" + quote + "”")),
            class_name="why",
            custom_attrs={"data-for": line.what},
        ),
    )


def other_tickets(address: rx.Var[str]) -> rx.Component:
    return rx.el.li(
        ReactRouterLink.create("All tickets of this requester", to=address, class_name="link")
    )


def person_part(part: rx.Var[str]) -> rx.Component:
    return rx.cond(part, rx.el.li(words(part, dir="auto")))
