"""The frame of every page: places, search, the main action, the connection's state."""

from typing import Any

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors
from reflex_components_core.el.elements.base import BaseHTML
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.browser.field_values import value_of
from ticket_app.components.browser.focus import (
    CONTENT,
    NEW_TICKET,
    fits,
    focus,
    focus_unless_typing,
    nobody_types,
    ticket_title,
)
from ticket_app.components.browser.outbox import late, outbox
from ticket_app.components.browser.words import words
from ticket_app.components.people.me import me, open_sign
from ticket_app.state.form.form import Form
from ticket_app.state.notices import Notice
from ticket_app.state.notifications.notifications import ROUTE
from ticket_app.state.notifications.unread import Unread
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.queue import Queue
from ticket_app.theme import NARROW

PLACES = (
    ("/", "Desk", "inbox"),
    ("/board", "Board", "columns-3"),
    ("/insights", "Insights", "chart-no-axes-column"),
)


class PlainLink(BaseHTML):
    """A link within the page. Reflex's own link would become a route."""

    tag = "a"
    href: rx.Var[str]


SEARCH_DEBOUNCE_MS = 300


def frame(title: str | rx.Var[str], here: str, *content: rx.Component) -> rx.Component:
    """Returns a page of the desk; `here` is its route."""
    return rx.el.div(
        PlainLink.create(
            "Skip to the content",
            href=f"#{CONTENT}",
            class_name="skip",
            custom_attrs=below_the_sheet(here),
        ),
        _rail(here),
        rx.el.div(
            outbox(),
            rx.cond(has_connection_errors, connection_lost(), late(Form.propose_title)),
            _header(title, here),
            _notice(),
            rx.el.div(words(Notice.said), role="status", class_name="unseen"),
            rx.el.main(*content, id=CONTENT, class_name="main", tab_index=-1),
        ),
        class_name="frame",
    )


def below_the_sheet(here: str) -> dict[str, Any]:
    """Returns the attributes that make a part inert while the form covers the page `here`."""
    return {"inert": Form.shown} if here == "/" else {}


def icon(name: str, size: int = 16) -> rx.Component:
    """Returns an icon beside a word, so it is hidden from screen readers."""
    return rx.icon(name, size=size, custom_attrs={"aria-hidden": "true"})


def _rail(here: str) -> rx.Component:
    return rx.el.nav(
        rx.el.span(icon("life-buoy", 24), class_name="mark"),
        rx.el.ul(
            *(rx.el.li(_place(*place, here=here)) for place in PLACES),
            rx.el.li(_place(ROUTE, "For you", "bell", _unread(), here=here)),
            style={"width": "100%"},
        ),
        rx.el.button(
            rx.color_mode_cond(icon("moon", 20), icon("sun", 20)),
            rx.el.span("Theme"),
            on_click=rx.toggle_color_mode,
            class_name="place theme-switch",
            type="button",
            title="Switch between light and dark",
        ),
        me(),
        class_name="rail",
        custom_attrs={"aria-label": "Places"} | below_the_sheet(here),
    )


def _place(route: str, word: str, picture: str, *more: rx.Component, here: str) -> rx.Component:
    current = {"aria-current": "page"} if route == here else {}
    return ReactRouterLink.create(
        icon(picture, 20),
        rx.el.span(word),
        *more,
        to=route,
        class_name="place",
        custom_attrs=current,
    )


def _unread() -> rx.Component:
    """Returns the number of unread notifications. It lies over its place, and moves nothing."""
    return rx.cond(
        Unread.count,
        rx.fragment(
            words(Unread.count, class_name="unread number"),
            rx.el.span(" unread", class_name="unseen"),
        ),
    )


def _search() -> rx.Component:
    """Returns the search beside the queue. It follows the typing, even before the scripts came."""
    typed = value_of("search")
    return _search_form(
        _search_box(default_value=Queue.search, on_change=Queue.seek.debounce(SEARCH_DEBOUNCE_MS)),
        on_submit=Queue.enter,
        on_mount=rx.cond(~Queue.loaded & (typed != ""), Queue.seek(typed), rx.noop()),
    )


def _search_from_elsewhere() -> rx.Component:
    """Returns the search of another page. Enter leads to the queue."""
    return _search_form(_search_box(), on_submit=Queue.find)


def _search_form(box: rx.Component, **events: Any) -> rx.Component:
    """Returns the search's form, which goes to the queue without scripts, too."""
    return rx.el.form(box, action="/", method="get", class_name="search", **events)


def _search_box(**props: Any) -> rx.Component:
    return rx.el.div(
        icon("search", 18),
        rx.el.input(
            id="search",
            name="search",
            type="search",
            placeholder="Search texts, names, #number or e-mail",
            dir="auto",
            class_name="input",
            custom_attrs={"aria-label": "Search tickets"},
            **props,
        ),
        role="search",
        class_name="search",
    )


def _header(title: str | rx.Var[str], here: str) -> rx.Component:
    return rx.el.header(
        rx.el.div(
            rx.el.h1(title if isinstance(title, str) else words(title)),
            open_sign(),
            class_name="heading",
        ),
        _search() if here == "/" else _search_from_elsewhere(),
        rx.el.button(
            icon("plus"),
            rx.el.span("New ticket"),
            id=NEW_TICKET,
            on_click=start_ticket(),
            type="button",
            class_name="button main-action",
        ),
        class_name="header",
        custom_attrs=below_the_sheet(here),
    )


def start_ticket() -> list[Any]:
    """Returns the events that lead to the form. Beside the queue its first field gets the focus at
    once, without a request; elsewhere, and as a sheet, when it is there."""
    return [focus_unless_typing("title"), Form.start(fits(NARROW))]


def connection_lost() -> rx.Component:
    """Returns the bar over a page whose connection is lost."""
    return rx.el.div(
        "Connection lost. You can go on reading; changes wait until it is back.",
        role="status",
        class_name="lost",
    )


def _notice() -> rx.Component:
    """Returns the notice, before the page's main part in the order of Tab, so that Undo is near."""
    return rx.el.div(
        rx.cond(
            Notice.text,
            rx.el.div(
                rx.cond(Notice.failed, icon("circle-alert"), icon("info")),
                words(Notice.text, dir="auto"),
                rx.cond(
                    Notice.undo_ticket,
                    rx.el.button(
                        "Undo",
                        key=Notice.undo_ticket,
                        auto_focus=nobody_types(),
                        on_click=[
                            focus(CONTENT),
                            focus(ticket_title(Notice.undo_ticket)),
                            TicketActions.restore(Notice.undo_ticket),
                        ],
                        type="button",
                        class_name="button bare",
                    ),
                ),
                rx.cond(
                    Notice.shows_ticket,
                    ReactRouterLink.create(
                        "Show it",
                        to=f"/?search=%23{Notice.shows_ticket}",
                        on_click=Notice.dismiss,
                        class_name="button bare",
                    ),
                ),
                rx.el.button(
                    icon("x"),
                    on_click=[focus(CONTENT), Notice.dismiss],
                    type="button",
                    class_name="button bare icon-only",
                    custom_attrs={"aria-label": "Dismiss"},
                ),
                class_name="notice",
            ),
        ),
        role=rx.cond(Notice.failed, "alert", "status"),
        class_name="notice-place",
    )
