"""Who one is, at the foot of the rail: a person with a menu, or the sign of an open desk."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.browser.native_form import post_form
from ticket_app.components.browser.words import words
from ticket_app.components.people.dates import dates_choice
from ticket_app.state.people.me import Me

MENU = "me-menu"


def me() -> rx.Component:
    """Returns the button and its menu. Their place is reserved until it is known who one is."""
    return rx.el.div(
        rx.fragment(on_mount=Me.load),
        rx.el.button(
            rx.cond(Me.is_open, _icon("lock-open"), _icon("circle-user-round")),
            words(_word(), class_name="who", dir="auto"),
            type="button",
            class_name="place theme-switch",
            custom_attrs={"popoverTarget": MENU, "aria-haspopup": "dialog"},
            style={"anchorName": "--me"},
        ),
        rx.el.div(
            rx.cond(Me.is_open, _open_desk(), _person()),
            id=MENU,
            class_name="choices me-menu",
            style={"positionAnchor": "--me"},
            role="dialog",
            custom_attrs={"popover": "auto", "aria-label": "Who you are"},
        ),
        class_name="me",
        custom_attrs={"data-known": (Me.is_open | (Me.name != "") | Me.is_unread).to_string()},
    )


def open_sign() -> rx.Component:
    """Returns the sentence of an open desk for the header of a wide page. It moves nothing."""
    return rx.cond(
        Me.is_open,
        rx.el.p("Open desk: whoever reaches it can change everything.", class_name="open-sign"),
    )


def _word() -> rx.Var[str]:
    """Returns who one is; of someone who could not be read before, "Account"."""
    return rx.cond(Me.is_open, "Open", rx.cond(Me.name != "", Me.name, "Account")).to(str)


def _icon(name: str) -> rx.Component:
    return rx.icon(name, size=20, custom_attrs={"aria-hidden": "true"})


def _person() -> rx.Component:
    return rx.fragment(
        rx.el.p(rx.el.b(words(Me.name, dir="auto"))),
        rx.el.p(words(Me.role), class_name="quiet small"),
        rx.cond(Me.is_unread, rx.el.p("Who you are cannot be read now.", class_name="small")),
        ReactRouterLink.create("Your account", to="/account", class_name="button bare"),
        ReactRouterLink.create("Your own tickets", to="/my", class_name="button bare"),
        rx.cond(
            Me.manages, ReactRouterLink.create("People", to="/people", class_name="button bare")
        ),
        rx.cond(
            Me.reads_audit, ReactRouterLink.create("Audit", to="/audit", class_name="button bare")
        ),
        post_form(
            "/api/sign-out", rx.el.button("Sign out", type="submit", class_name="button bare")
        ),
    )


def _open_desk() -> rx.Component:
    return rx.fragment(
        rx.el.p(rx.el.b("This desk is open")),
        rx.el.p("Whoever reaches it can read and change everything. Nobody signs in."),
        rx.el.p("To close it, make yourself its administrator. On the server:"),
        rx.el.code("make admin EMAIL=you@example.com"),
        dates_choice(),
    )
