"""One's own tickets: a list, or one of them."""

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.browser.focus import CONTENT, focus
from ticket_app.components.browser.times import ago
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.components.portal.ticket import short_state, ticket_in_words
from ticket_app.state.portal.answering import OwnAnswer
from ticket_app.state.portal.own_tickets import OwnTickets
from ticket_app.state.portal.plain_words import DELETED, OwnTicket
from ticket_app.state.portal.receipt import PAGE, Receipt

LIST = "/my"


def own_tickets() -> rx.Component:
    """Returns the ticket of the address, or else the list."""
    return rx.fragment(
        problem(OwnTickets.problem, OwnTickets.show_waiting),
        rx.cond(
            OwnTickets.ticket.id,
            rx.fragment(
                _back(),
                ticket_in_words(OwnTickets.ticket, OwnTickets, OwnAnswer, OwnTickets.close),
            ),
            rx.cond(OwnTickets.is_missing, rx.fragment(_back(), _missing()), _list()),
        ),
    )


def _back() -> rx.Component:
    return ReactRouterLink.create(
        icon("arrow-left"), rx.el.span("All your tickets"), to=LIST, class_name="button bare back"
    )


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.h1("You have no such ticket"),
        rx.el.p("It may have been deleted, or someone else has asked it."),
        class_name="card empty",
    )


def _list() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            rx.el.h1("Your tickets"),
            ReactRouterLink.create(
                icon("plus"),
                rx.el.span("New ticket"),
                to=PAGE,
                on_click=Receipt.put_away,
                class_name="button main-action",
            ),
            class_name="between",
        ),
        rx.cond((OwnTickets.rows.length() > 0) | (OwnTickets.search != ""), _search()),
        _waiting(),
        rx.cond(
            OwnTickets.loaded,
            rx.cond(OwnTickets.rows.length() > 0, _rows(), rx.cond(~OwnTickets.problem, _none())),
            rx.el.div(skeleton(4, "ghost-row"), class_name="card"),
        ),
        rx.el.nav(
            rx.cond(OwnTickets.is_older, _page_link("Newest", LIST)),
            rx.cond(OwnTickets.older, _page_link("Older", OwnTickets.older)),
            class_name="pages",
            custom_attrs={"aria-label": "Pages"},
        ),
    )


def _search() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            icon("search", 18),
            rx.el.input(
                id="search",
                name="search",
                type="search",
                placeholder="Search your tickets",
                dir="auto",
                class_name="input",
                custom_attrs={"aria-label": "Search your tickets"},
            ),
            role="search",
            class_name="search",
        ),
        action=LIST,
        method="get",
        on_submit=OwnTickets.find,
        class_name="own-search",
    )


def _waiting() -> rx.Component:
    return rx.el.div(
        rx.cond(
            OwnTickets.waiting > 0,
            rx.el.button(
                words(rx.Var.create("Show ").to(str) + OwnTickets.waiting.to_string() + " new"),
                type="button",
                on_click=[focus(CONTENT), OwnTickets.show_waiting],
                class_name="chip",
            ),
        ),
        role="status",
        class_name="own-waiting",
    )


def _rows() -> rx.Component:
    return rx.el.ul(rx.foreach(OwnTickets.rows, _row), class_name="card own-rows")


def _row(ticket: rx.Var[OwnTicket]) -> rx.Component:
    return rx.el.li(
        ReactRouterLink.create(
            rx.el.span(
                words(ticket.title, dir="auto", class_name="own-title"),
                rx.el.span(
                    words(rx.Var.create("#").to(str) + ticket.id.to_string(), class_name="number"),
                    ago(ticket.filed_at),
                    class_name="own-meta",
                ),
                class_name="own-line",
            ),
            short_state(ticket),
            to=rx.Var.create(f"{LIST}?ticket=").to(str) + ticket.id.to_string(),
            class_name="own-row",
        ),
        key=ticket.id,
        custom_attrs={"data-own": ticket.id, "data-gone": (ticket.status == DELETED).to_string()},
    )


def _none() -> rx.Component:
    return rx.el.div(
        rx.cond(
            OwnTickets.search,
            rx.fragment(
                rx.el.p("None of your tickets has these words."),
                ReactRouterLink.create("Show all", to=LIST, class_name="button"),
            ),
            rx.el.p("You have asked nothing yet."),
        ),
        class_name="card empty",
    )


def _page_link(word: str, to: str | rx.Var[str]) -> rx.Component:
    return ReactRouterLink.create(word, to=to, class_name="button")
