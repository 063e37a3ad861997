"""The people of the desk, for administrators."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.components.people.fields import field, person_search
from ticket_app.components.people.outcome import outcome
from ticket_app.components.people.password_link import password_link
from ticket_app.components.people.tokens import tokens_of_person
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.state.people.people import (
    INVITED_EMAIL,
    INVITED_NAME,
    ROWS_MAX,
    SEARCH_FIELD,
    People,
    PersonRow,
)
from ticket_app.state.people.tokens import PersonTokens
from ticket_app.theme import ROLE_WORDS
from ticket_app.vocabulary import REQUESTER_EMAIL_MAX, REQUESTER_NAME_MAX, Role

FOR_OTHERS = {"auto_complete": "off", "dir": "auto"}
"""Fields in which the browser would offer one's own name and address."""


def people() -> rx.Component:
    """Returns the search, an invitation that opens, and the list."""
    return rx.el.div(
        rx.el.div(_search(), _invitation(), class_name="people-head"),
        problem(People.failed, People.retry),
        rx.cond(
            People.loaded,
            rx.cond(People.rows.length() > 0, _list(), rx.cond(~People.failed, _nobody())),
            rx.el.div(skeleton(4, "ghost-person"), class_name="card"),
        ),
        class_name="people",
    )


def _search() -> rx.Component:
    return person_search(
        SEARCH_FIELD,
        "Search by name or address",
        label="Search people",
        of="People",
        on_change=People.seek,
        on_submit=People.find,
    )


def _invitation() -> rx.Component:
    return rx.el.details(
        rx.el.summary(icon("user-plus"), rx.el.span("Invite"), class_name="button"),
        rx.el.div(
            rx.el.form(
                field(
                    INVITED_EMAIL,
                    "E-mail",
                    name="email",
                    type="email",
                    required=True,
                    max_length=REQUESTER_EMAIL_MAX,
                    **FOR_OTHERS,
                ),
                field(
                    INVITED_NAME, "Name", name="name", max_length=REQUESTER_NAME_MAX, **FOR_OTHERS
                ),
                rx.el.div(
                    rx.el.label("Role", html_for="invited-role"),
                    rx.el.select(
                        *_roles(), id="invited-role", name="role", default_value=Role.AGENT.value
                    ),
                    class_name="field",
                ),
                rx.el.button("Make a link", type="submit", class_name="button main-action"),
                on_submit=People.invite,
                class_name="invite-fields",
                custom_attrs={"aria-label": "Invite a person"},
            ),
            outcome(People.invite_problem, ""),
            rx.cond(
                (People.link != "") & (People.link_at == 0),
                password_link(on_done=[focus(INVITED_EMAIL), People.put_away]),
            ),
            class_name="card invite",
        ),
        class_name="invitation",
    )


def _roles() -> list[rx.Component]:
    return [rx.el.option(word, value=role.value) for role, word in ROLE_WORDS.items()]


def _heir() -> rx.Component:
    return rx.el.div(
        rx.el.label("Open tickets of people who leave go to", html_for="heir", class_name="small"),
        rx.el.select(
            rx.el.option("Nobody", value=""),
            rx.foreach(People.heirs, lambda heir: rx.el.option(heir[1], value=heir[0])),
            id="heir",
            value=People.hand_to,
            on_change=People.choose_heir,
        ),
        class_name="field heir",
    )


def _list() -> rx.Component:
    return rx.fragment(
        _heir(),
        rx.el.ul(rx.foreach(People.rows, _person), class_name="card"),
        rx.cond(
            People.more,
            rx.el.button("More", type="button", on_click=People.load_more, class_name="button"),
        ),
        rx.cond(
            People.full,
            rx.el.p(
                f"These are the first {ROWS_MAX:,} people. Search to find others.",
                class_name="quiet small",
            ),
        ),
    )


def _nobody() -> rx.Component:
    return rx.el.div(
        rx.el.p("Nobody here has this name or address."),
        rx.el.p(
            "Search by the beginning of a word of the name, or of the address.",
            class_name="small",
        ),
        rx.el.button(
            "Show all",
            type="button",
            on_click=[focus(SEARCH_FIELD), People.show_all],
            class_name="button",
        ),
        class_name="card empty",
    )


def _person(person: rx.Var[PersonRow]) -> rx.Component:
    button_id = rx.Var.create("link-").to(str) + person.id.to_string()
    is_meant = People.at == person.id
    return rx.el.li(
        rx.el.div(
            rx.el.p(rx.el.b(words(person.name, dir="auto"))),
            rx.el.p(words(person.email, dir="auto"), class_name="quiet small"),
            class_name="person-words",
        ),
        rx.el.select(
            *_roles(),
            value=person.role_value,
            on_change=lambda role: People.change_role(person.id, role),
            custom_attrs={"aria-label": "Role of " + person.name},
        ),
        rx.el.span(words(person.state), class_name="person-state"),
        rx.el.div(
            rx.cond(
                person.active,
                rx.fragment(
                    _act("New link", People.new_link(person.id), person, id=button_id),
                    _act("End sessions", People.end_sessions(person.id), person),
                    _act("Tokens", PersonTokens.show(person.id), person),
                    rx.cond(
                        person.has_second_factor,
                        # The button goes with the factor, so the focus moves on first.
                        _act(
                            "Remove second factor",
                            [focus(button_id), People.remove_factor(person.id)],
                            person,
                        ),
                    ),
                ),
            ),
            _act(
                rx.cond(person.active, "Deactivate", "Activate"),
                People.set_active(person.id, ~person.active),
                person,
            ),
            class_name="acts",
        ),
        rx.el.div(
            outcome(
                rx.cond(is_meant, People.problem, ""),
                rx.cond(is_meant, People.told, ""),
            ),
            rx.cond(
                (People.link != "") & (People.link_at == person.id),
                password_link(on_done=[focus(button_id), People.put_away]),
            ),
            rx.cond(PersonTokens.of == person.id, tokens_of_person()),
            class_name="person-outcome",
        ),
        class_name="person",
        key=person.id,
        custom_attrs={"data-active": person.active.to_string()},
    )


def _act(
    word: str | rx.Var[str], event: Any, person: rx.Var[PersonRow], **props: Any
) -> rx.Component:
    return rx.el.button(
        rx.el.span(word),
        type="button",
        on_click=event,
        class_name="button bare low",
        custom_attrs={"aria-label": rx.Var.create(word).to(str) + ": " + person.name},
        **props,
    )
