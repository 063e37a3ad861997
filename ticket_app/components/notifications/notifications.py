"""The list of what one was told of: who did what, on which ticket, and when."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.browser.focus import CONTENT, focus
from ticket_app.components.browser.times import ago
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.components.tickets.detail import page_of
from ticket_app.state.notifications.notifications import ROUTE, Notifications, Told
from ticket_app.state.notifications.unread import Unread
from ticket_app.vocabulary import NotificationKind


def notifications() -> rx.Component:
    """Returns a page of the list, and the ways to others."""
    return rx.el.div(
        _head(),
        problem(Notifications.failed, Notifications.show_waiting),
        rx.cond(
            Notifications.loaded,
            rx.cond(
                Notifications.rows.length() > 0,
                rx.el.ol(rx.foreach(Notifications.rows, _told), class_name="card"),
                rx.cond(~Notifications.failed, _none()),
            ),
            rx.el.div(skeleton(6, "ghost-person"), class_name="card"),
        ),
        rx.el.nav(
            rx.cond(Notifications.is_older, _page_link("Newest", ROUTE)),
            rx.cond(Notifications.older, _page_link("Older", Notifications.older)),
            class_name="pages",
            custom_attrs={"aria-label": "Pages"},
        ),
        class_name="people notifications",
    )


def _head() -> rx.Component:
    """Returns the actions on the list. Their place is reserved, so that no row moves."""
    return rx.el.div(
        rx.cond(
            Notifications.waiting > 0,
            rx.el.button(
                words(rx.Var.create("Show ").to(str) + Notifications.waiting.to_string() + " new"),
                type="button",
                on_click=[focus(CONTENT), Notifications.show_waiting],
                class_name="chip waiting",
            ),
        ),
        rx.cond(
            (Unread.count != "") & (Notifications.rows.length() > 0) & ~Notifications.is_older,
            rx.el.button(
                icon("check-check"),
                rx.el.span("Mark all as read"),
                type="button",
                on_click=[focus(CONTENT), Notifications.mark_all_read],
                class_name="button",
            ),
        ),
        class_name="notifications-head",
    )


def _told(told: rx.Var[Told]) -> rx.Component:
    """Returns a notification: as a whole the way to its ticket, where it becomes read."""
    return rx.el.li(
        ReactRouterLink.create(
            rx.match(
                told.kind,
                (NotificationKind.ASSIGNED.value, icon("user-round-check", 18)),
                (NotificationKind.REPLIED.value, icon("reply", 18)),
                icon("at-sign", 18),
            ),
            rx.el.span(
                rx.cond(told.unread, rx.el.span("Unread: ", class_name="unseen")),
                rx.cond(told.who, words(told.who, dir="auto")),
                words(told.did),
                words(rx.Var.create("#").to(str) + told.ticket_id.to_string(), class_name="number"),
                words(told.title, dir="auto"),
                class_name="told-words",
            ),
            ago(told.at),
            to=page_of(told.ticket_id),
            class_name="told",
        ),
        key=told.event_id,
        custom_attrs={"data-unread": told.unread.to_string()},
    )


def _none() -> rx.Component:
    return rx.el.div(
        rx.el.p(
            "Nothing yet. You are told here when a ticket is assigned to you, when a reply comes "
            "on one of yours, and when a colleague writes @ and your name."
        ),
        ReactRouterLink.create("Go to the desk", to="/", class_name="button main-action"),
        class_name="card empty",
    )


def _page_link(word: str, to: str | rx.Var[str]) -> rx.Component:
    return ReactRouterLink.create(word, to=to, class_name="button")
