"""A link by which a person sets a password, shown once to the administrator who made it."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.clipboard import copy_button
from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.words import words
from ticket_app.state.people.people import People

LINK = "password-link"


@rx.memo
def take_focus(element_id: rx.Var[str]) -> rx.Component:
    """Moves the focus when it is drawn. A component of its own, because in a row of a list the
    event would be that of the whole row."""
    return rx.el.span(on_mount=focus(element_id), hidden=True)


def password_link(on_done: Any) -> rx.Component:
    """Returns the link. It takes the focus; `on_done` gives it back."""
    return shown_once(
        rx.el.span("Link for "),
        rx.el.b(words(People.link_of, dir="auto")),
        element_id=LINK,
        value=People.link,
        copied=(People.is_copied, People.copied),
        rule="It works once, and is shown only now. Hand it over yourself.",
        on_done=on_done,
    )


def shown_once(
    *label: rx.Component | str,
    element_id: str,
    value: rx.Var[str],
    copied: tuple[rx.Var[bool], Any],
    rule: str,
    on_done: Any,
) -> rx.Component:
    """Returns a secret that is shown once, to be copied; it takes the focus.

    `copied` is whether it was copied, and the handler that is told so. `rule` says how to keep it.
    """
    is_copied, on_copied = copied
    return rx.el.div(
        take_focus(element_id=element_id),
        rx.el.label(*label, html_for=element_id),
        rx.el.div(
            rx.el.input(
                id=element_id,
                value=value,
                read_only=True,
                class_name="input",
                custom_attrs={"aria-describedby": f"{element_id}-rule"},
            ),
            copy_button(value, on_copied),
            rx.el.button("Done", type="button", on_click=on_done, class_name="button bare"),
            class_name="link-line",
        ),
        rx.el.p(
            words(rx.cond(is_copied, "Copied.", rule)),
            id=f"{element_id}-rule",
            role="status",
            class_name="small quiet",
        ),
        class_name="password-link",
    )
