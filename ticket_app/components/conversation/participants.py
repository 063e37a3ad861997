"""The people copied on a ticket: who they are, a search for others, and ways to remove them."""

import reflex as rx

from ticket_app.components.browser.words import words
from ticket_app.components.frame import SEARCH_DEBOUNCE_MS, icon
from ticket_app.components.tickets.detail import lines_of
from ticket_app.state.conversation.beside import Beside, Copied
from ticket_app.state.conversation.participants import FIELD, Participants
from ticket_app.vocabulary import SEARCH_MAX

PROBLEM = "participant-problem"


def participants(ticket_id: rx.Var[int]) -> rx.Component:
    """Returns the people copied on this ticket, and a form to add others."""
    return rx.el.section(
        lines_of("Copied people", rx.foreach(Beside.copied, lambda each: _copied(ticket_id, each))),
        rx.el.form(
            rx.el.input(
                id=FIELD,
                name=FIELD,
                type="search",
                placeholder="Add by name or e-mail",
                max_length=SEARCH_MAX,
                dir="auto",
                auto_complete="off",
                on_change=Participants.seek.debounce(SEARCH_DEBOUNCE_MS),
                class_name="input",
                custom_attrs={"aria-label": "Copy a person", "aria-describedby": PROBLEM},
            ),
            on_submit=lambda data: Participants.add_typed(ticket_id, data),
            custom_attrs={"aria-label": "Copy people"},
        ),
        rx.el.p(words(Participants.problem), id=PROBLEM, role="alert", class_name="problem"),
        rx.cond(
            Participants.found.length() > 0,
            rx.el.ul(
                rx.foreach(Participants.found, lambda each: _found(ticket_id, each)),
                class_name="found-people",
                custom_attrs={"aria-label": "People found"},
            ),
        ),
        class_name="participants",
        custom_attrs={"aria-label": "Copied people"},
    )


def _copied(ticket_id: rx.Var[int], person: rx.Var[Copied]) -> rx.Component:
    return rx.el.li(
        _who(person),
        rx.el.button(
            icon("x", 14),
            type="button",
            title="Remove",
            on_click=Participants.remove(ticket_id, person.id),
            class_name="button bare icon-only",
            custom_attrs={
                "aria-label": "Remove " + rx.cond(person.name, person.name, person.email)
            },
        ),
        key=person.id,
        class_name="person-line",
    )


def _found(ticket_id: rx.Var[int], person: rx.Var[Copied]) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            icon("plus", 14),
            _who(person),
            type="button",
            on_click=Participants.add(ticket_id, person.id),
            class_name="button bare",
        ),
        key=person.id,
    )


def _who(person: rx.Var[Copied]) -> rx.Component:
    return rx.el.span(
        words(person.name, dir="auto"),
        words(person.email, dir="auto", class_name="quiet"),
        class_name="who",
    )
