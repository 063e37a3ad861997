"""The frame of the pages for requesters: the desk's name, who one is, and one column."""

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.browser.focus import CONTENT
from ticket_app.components.browser.outbox import late, outbox
from ticket_app.components.browser.words import words
from ticket_app.components.frame import PlainLink, connection_lost, icon
from ticket_app.components.people.me import me
from ticket_app.state.form.form import Form
from ticket_app.state.notices import Notice
from ticket_app.state.people.me import Me
from ticket_app.theme import NAME


def portal(*content: rx.Component, here: str) -> rx.Component:
    """Returns a page for requesters; `here` is its route. Without places if it is /request."""
    return rx.el.div(
        PlainLink.create("Skip to the content", href=f"#{CONTENT}", class_name="skip"),
        outbox(),
        rx.cond(has_connection_errors, connection_lost(), late(Form.propose_title)),
        rx.el.header(
            rx.el.p(icon("life-buoy", 20), rx.el.span(NAME), class_name="desk-name"),
            rx.fragment() if here == "/request" else _places(here),
            _theme(),
            class_name="portal-bar",
        ),
        rx.el.div(words(Notice.said), role="status", class_name="unseen"),
        rx.el.main(*content, id=CONTENT, class_name="portal", tab_index=-1),
        class_name="portal-page",
    )


def _places(here: str) -> rx.Component:
    """Returns the pages for this person. What only one of them sees comes once that is known."""
    return rx.el.nav(
        rx.cond(
            Me.name,
            rx.fragment(
                _place("/my", "Your tickets", here),
                rx.cond(Me.works_here, _place("/", "Desk", here)),
                me(),
            ),
        ),
        rx.cond(
            Me.is_stranger, PlainLink.create("Sign in", href="/sign-in", class_name="button bare")
        ),
        custom_attrs={"aria-label": "Places"},
    )


def _place(route: str, word: str, here: str) -> rx.Component:
    current = {"aria-current": "page"} if route == here else {}
    return ReactRouterLink.create(word, to=route, class_name="button bare", custom_attrs=current)


def _theme() -> rx.Component:
    return rx.el.button(
        rx.color_mode_cond(icon("moon", 20), icon("sun", 20)),
        on_click=rx.toggle_color_mode,
        type="button",
        title="Switch between light and dark",
        class_name="button bare icon-only",
        custom_attrs={"aria-label": "Theme"},
    )
