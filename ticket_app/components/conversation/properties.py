"""The properties of a ticket beside its conversation. Each is changed in place.

On a narrow page they are one tap away, in a popover below a line that sums them up.
"""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.badges import badge, status_select, triage_badge, urgency
from ticket_app.components.browser.browser_functions import call
from ticket_app.components.browser.focus import CONTENT, focus
from ticket_app.components.browser.saving import OptimisticChoice
from ticket_app.components.browser.times import exactly
from ticket_app.components.browser.words import words
from ticket_app.components.conversation.participants import participants
from ticket_app.components.frame import icon
from ticket_app.components.tickets.detail import (
    field_choice,
    history_line,
    lines_of,
    other_tickets,
    page_of,
    person_part,
)
from ticket_app.schemas.assignees import ASSIGNEE, ME
from ticket_app.state.conversation.beside import Beside, Colleague, Similar
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.theme import field_word
from ticket_app.vocabulary import DecidedBy

PROPERTIES = "ticket-properties"


def opener() -> rx.Component:
    """Returns the line that opens the properties on a narrow page."""
    ticket = Conversation.ticket
    return rx.el.button(
        badge("status", ticket.status),
        badge("priority", ticket.priority),
        rx.el.span("Properties", class_name="opens"),
        icon("chevron-down", 14),
        type="button",
        class_name="button bare properties-opener",
        custom_attrs={"popoverTarget": PROPERTIES},
        style={"anchorName": "--properties"},
    )


def properties() -> rx.Component:
    """Returns the properties. Those of another ticket are not shown while they are read."""
    ticket, facts = Conversation.ticket, Beside.facts
    return rx.el.aside(
        rx.el.div(
            rx.el.span(field_word("status"), class_name="small quiet"),
            status_select(ticket.id, ticket.status, ticket.version),
            class_name="field",
        ),
        rx.cond(
            Beside.number == ticket.id,
            rx.fragment(
                _assignee(),
                _triaged("priority", ticket.priority, ticket.priority_by, facts.priority_engine),
                _triaged("category", ticket.category, ticket.category_by, facts.category_engine),
                _scores(),
                lines_of("Filed", rx.el.li(exactly(ticket.filed_at))),
                _requester(),
                participants(ticket.id),
                _similar(),
                lines_of("Suggested, and why", rx.foreach(facts.suggestions, history_line)),
            ),
        ),
        rx.el.button(
            icon("trash-2"),
            rx.el.span("Delete"),
            type="button",
            on_click=[focus(CONTENT), TicketActions.delete(ticket.id)],
            class_name="button low",
        ),
        id=PROPERTIES,
        class_name="ticket-beside",
        style={"positionAnchor": "--properties"},
        custom_attrs={"popover": "auto", "aria-label": "Properties"},
    )


def _assignee() -> rx.Component:
    ticket = Conversation.ticket
    assigned = rx.cond(Beside.facts.assignee > 0, Beside.facts.assignee.to_string(), "")
    return rx.el.div(
        rx.el.span(field_word(ASSIGNEE), class_name="small quiet"),
        assignee_choice(
            ticket_id=ticket.id, value=assigned, version=ticket.version, team=Beside.team
        ),
        class_name="field",
    )


@rx.memo
def assignee_choice(
    ticket_id: rx.Var[int],
    value: rx.Var[str],
    version: rx.Var[int],
    team: rx.Var[list[Colleague]],
) -> rx.Component:
    """The select of who cares for a ticket."""
    choice = OptimisticChoice(ticket_id, ASSIGNEE, value, version)
    return rx.fragment(
        rx.el.select(
            rx.el.option("Nobody", value=""),
            rx.el.option("Me", value=ME),
            rx.foreach(team, lambda person: rx.el.option(person.name, value=person.id)),
            value=choice.shown,
            on_change=choice.on_change(),
            custom_attrs={"aria-label": f"{field_word(ASSIGNEE)} of ticket {ticket_id}"},
        ),
        choice.sender(),
    )


def _triaged(
    field: str, value: rx.Var[str], decided_by: rx.Var[str], engine: rx.Var[str]
) -> rx.Component:
    """Returns a value that the triage may have suggested, which one press makes a decision."""
    ticket = Conversation.ticket
    number = call(rx.Var("Date.now")).to(int)
    accept = TicketActions.change(ticket.id, field, value, number, ticket.version)
    return rx.el.div(
        field_choice(field, ticket, value, decided_by, engine),
        rx.cond(
            decided_by == DecidedBy.TRIAGE.value,
            rx.el.button(
                rx.el.span("Accept"),
                rx.el.span(f" the suggested {field}", class_name="unseen"),
                type="button",
                on_click=accept,
                class_name="button bare low accept",
            ),
        ),
        class_name="triaged",
    )


def _scores() -> rx.Component:
    ticket = Conversation.ticket
    return rx.el.p(
        badge("sentiment", ticket.sentiment),
        urgency(ticket.urgency),
        triage_badge(ticket.engine, ticket.triage),
        class_name="scores small",
    )


def _requester() -> rx.Component:
    facts = Beside.facts
    return rx.cond(
        facts.requester_name | facts.requester_email,
        lines_of(
            "Requester",
            rx.fragment(
                person_part(facts.requester_name),
                person_part(facts.requester_email),
                rx.cond(facts.others_at, other_tickets(facts.others_at)),
            ),
        ),
    )


def _similar() -> rx.Component:
    return rx.cond(
        Beside.similar.length() > 0,
        lines_of("Similar tickets", rx.foreach(Beside.similar, _similar_line)),
    )


def _similar_line(similar: rx.Var[Similar]) -> rx.Component:
    return rx.el.li(
        ReactRouterLink.create(
            words("#" + similar.id.to_string(), class_name="number quiet"),
            rx.el.span(" "),
            words(similar.title, dir="auto"),
            to=page_of(similar.id),
            title=similar.words,
            class_name="link",
        ),
        rx.el.span(" "),
        badge("status", similar.status),
    )
