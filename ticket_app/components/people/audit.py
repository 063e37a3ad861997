"""The audit, for administrators: filters, and what happened in plain sentences."""

import reflex as rx

from ticket_app.components.browser.focus import CONTENT, focus, focus_if_lost
from ticket_app.components.browser.times import at_minute
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.components.people.fields import person_search
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.state.people.audit import (
    FAILURES,
    GROUP_FIELD,
    GROUPS,
    PERSON_FIELD,
    ROWS_MAX,
    SIGN_INS,
    TICKETS,
    TOKENS,
    Audit,
    AuditRow,
    FoundPerson,
)
from ticket_app.state.people.audit_words import Part

CHOSEN, END = "audit-chosen", "audit-end"
"""The ids of the button of a chosen person, and of the sentence after the last entry."""

NOBODY = (
    "Nobody has this name or address. Search by the beginning of a word of the name, or of the "
    "address."
)


def audit() -> rx.Component:
    """Returns the filters and the entries."""
    return rx.el.div(
        rx.el.div(_person(), _group(), class_name="audit-head"),
        _found(),
        _chosen(),
        problem(Audit.failed, Audit.retry),
        rx.cond(
            Audit.loaded,
            rx.cond(Audit.rows.length() > 0, _entries(), rx.cond(~Audit.failed, _nothing())),
            rx.el.div(skeleton(6, "ghost-person"), class_name="card"),
        ),
        class_name="people audit",
    )


def _person() -> rx.Component:
    return person_search(
        PERSON_FIELD,
        "Find a person by name or address",
        label="Find a person",
        of="Audit",
        on_change=Audit.seek,
        on_submit=Audit.find,
    )


def _group() -> rx.Component:
    return rx.el.select(
        *(rx.el.option(word, value=group) for group, word in GROUPS.items()),
        id=GROUP_FIELD,
        value=Audit.group,
        on_change=Audit.choose,
        custom_attrs={"aria-label": "Kind of act"},
    )


def _found() -> rx.Component:
    told = rx.cond(
        Audit.sought,
        rx.cond(Audit.found.length() > 0, "Show what involves", NOBODY),
        "",
    )
    return rx.el.div(
        words(told, role="status", class_name="quiet small"),
        rx.foreach(Audit.found, _offer),
        class_name="audit-found",
    )


def _offer(person: rx.Var[FoundPerson]) -> rx.Component:
    return rx.el.button(
        words(person.name, dir="auto"),
        words(person.email, dir="auto", class_name="quiet"),
        type="button",
        on_click=[focus(GROUP_FIELD), Audit.pick(person.id)],
        class_name="chip",
        key=person.id,
    )


def _chosen() -> rx.Component:
    return rx.cond(
        Audit.person,
        rx.el.div(
            rx.el.button(
                words(Audit.person_name, dir="auto"),
                icon("x", 14),
                type="button",
                id=CHOSEN,
                on_click=[focus(PERSON_FIELD), Audit.everybody],
                class_name="chip",
                custom_attrs={
                    "data-set": "true",
                    "aria-label": rx.Var.create("Show everybody, not only ").to(str)
                    + Audit.person_name,
                },
            ),
        ),
    )


def _entries() -> rx.Component:
    return rx.fragment(
        rx.el.ol(rx.foreach(Audit.rows, _entry), class_name="card"),
        rx.cond(
            Audit.more,
            rx.el.button(
                "Older entries", type="button", on_click=Audit.load_more, class_name="button"
            ),
            rx.cond(
                Audit.is_longer,
                rx.el.p(
                    rx.cond(
                        Audit.full,
                        f"These are {ROWS_MAX:,}. Choose a kind or a person for older entries.",
                        "There are no older entries.",
                    ),
                    id=END,
                    tab_index=-1,
                    on_mount=focus_if_lost(CONTENT, END),
                    class_name="quiet small",
                ),
            ),
        ),
    )


def _entry(entry: rx.Var[AuditRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.match(
                entry.group,
                (SIGN_INS, icon("log-in", 18)),
                (FAILURES, icon("shield-alert", 18)),
                (TOKENS, icon("key-round", 18)),
                (TICKETS, icon("trash-2", 18)),
                icon("user-round-cog", 18),
            ),
            class_name="entry-icon",
        ),
        rx.el.p(rx.foreach(entry.parts, _part), class_name="entry-words", dir="auto"),
        rx.el.p(
            at_minute(entry.at),
            rx.cond(entry.client_address, words(entry.client_address, class_name="number")),
            class_name="quiet small entry-facts",
        ),
        class_name="entry",
        key=entry.id,
        custom_attrs={"data-group": entry.group},
    )


def _part(part: rx.Var[Part]) -> rx.Component:
    return rx.cond(
        part.is_name, rx.el.b(words(part.text, dir="auto")), words(part.text, dir="auto")
    )


def _nothing() -> rx.Component:
    return rx.el.div(
        rx.el.p("Nothing of this kind has happened."),
        rx.el.button(
            "Show everything",
            type="button",
            on_click=[focus(PERSON_FIELD), Audit.everything],
            class_name="button",
        ),
        class_name="card empty",
    )
