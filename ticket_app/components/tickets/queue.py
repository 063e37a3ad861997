"""The list of tickets: two lines each, the newest first, and more by scrolling."""

from functools import reduce
from operator import or_
from typing import Any

import reflex as rx
from reflex_base.event import key_event
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.badges import badge, category_tag, status_select, triage_badge, urgency
from ticket_app.components.browser.focus import CONTENT, fits, focus, ticket_title
from ticket_app.components.browser.focus_within import FocusWithin
from ticket_app.components.browser.in_view import InView
from ticket_app.components.browser.outbox import is_unanswered
from ticket_app.components.browser.times import ago
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon, start_ticket
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.components.tickets.detail import detail, page_of
from ticket_app.components.tickets.filters import clear, narrowed
from ticket_app.state.conversation.drafts.own_drafts import OwnDrafts
from ticket_app.state.form.form import Form
from ticket_app.state.tickets.detail import Detail
from ticket_app.state.tickets.queue import Queue
from ticket_app.state.tickets.rows import TicketRow

SKELETON_ROWS = 8


def queue() -> rx.Component:
    """Returns the rows, or their placeholder."""
    return FocusWithin.create(
        rx.el.h2("Tickets", class_name="unseen"),
        rx.cond(
            Queue.older,
            rx.el.button(
                icon("arrow-up", 14),
                rx.el.span("Back to the ", _in_order("newest", "first"), " tickets"),
                type="button",
                on_click=[focus(CONTENT), Queue.to_the_newest],
                class_name="button bare",
            ),
        ),
        problem(Queue.problem, Queue.retry),
        rx.cond(
            Queue.loaded,
            rx.cond(
                (Queue.rows.length() > 0) | Queue.more,
                _rows(),
                rx.cond(Queue.problem, rx.fragment(), _empty()),
            ),
            skeleton(SKELETON_ROWS, "ghost-row"),
        ),
        on_mount=Queue.begin(fits("(hover: none)")),
        on_mouse_enter=Queue.attend("pointer", True).temporal,
        on_mouse_leave=Queue.attend("pointer", False).temporal,
        on_focus=lambda inside: _focus_crossed(inside, here=True),
        on_blur=lambda inside: _focus_crossed(inside, here=False),
        class_name="card rows",
        custom_attrs={"aria-busy": _is_busy().to_string()},
    )


def _in_order(by_time: str, otherwise: str) -> rx.Component:
    """Returns a word for a list with the newest first, or for one in another order."""
    return rx.cond(Queue.sort, otherwise, by_time)


def _is_busy() -> rx.Var[bool]:
    """Returns True if other rows are awaited.

    While the browser goes to another address, no event is unanswered, but the page is not hydrated.
    """
    asked = [
        is_unanswered(each)
        for each in (
            Queue.load_more, Queue.narrow, Queue.seek, Queue.enter, Queue.clear, Queue.turn_over,
            Queue.to_the_newest, Queue.show_waiting, Queue.retry, Queue.choose_requester,
            Queue.any_requester, Queue.choose_assignee, Queue.choose_unanswered, Queue.sort_by,
        )
    ]  # fmt: skip
    return reduce(or_, asked, ~Queue.loaded | ~rx.State.is_hydrated)


def _focus_crossed(inside: rx.Var[bool], *, here: bool) -> rx.Var[Any]:
    """Reports that the focus entered or left the list, unless it moved within it."""
    return rx.cond(inside, rx.noop(), Queue.attend("focus", here).temporal)


@rx.memo
def ticket_row(
    ticket: rx.Var[TicketRow],
    is_new: rx.Var[bool],
    is_led: rx.Var[bool],
    is_open: rx.Var[bool],
    has_draft: rx.Var[bool],
) -> rx.Component:
    """One ticket. It is drawn again only when it changes."""
    return rx.el.div(
        rx.el.span(badge("priority", ticket.priority), class_name="small row-priority"),
        rx.el.div(
            rx.el.div(
                _title(ticket, is_open),
                # The reason why a row is gone covers the end of its last line, so that its height
                # stays.
                rx.cond(
                    ticket.gone,
                    words(ticket.gone, class_name="row-gone"),
                    rx.el.span(
                        words(ticket.excerpt, dir="auto"), class_name="row-excerpt", dir="auto"
                    ),
                ),
                class_name="row-line",
            ),
            rx.el.p(
                rx.cond(is_new, rx.el.span("Just filed", class_name="tag new")),
                rx.cond(is_led, rx.el.span("Found by its number", class_name="tag new")),
                rx.cond(has_draft, rx.el.span("Your draft", class_name="tag own-draft")),
                words(f"#{ticket.id}", class_name="number"),
                category_tag(ticket.category),
                rx.cond(ticket.requester, rx.el.bdi(ticket.requester)),
                ago(ticket.filed_at),
                triage_badge(ticket.engine, ticket.triage),
                class_name="row-meta",
            ),
            class_name="row-words",
        ),
        rx.el.span(badge("sentiment", ticket.sentiment), class_name="small sentiment"),
        urgency(ticket.urgency),
        status_select(ticket.id, ticket.status, ticket.version),
        class_name="row",
    )


class TitleLink(ReactRouterLink):
    """A link that acts as a button when it is pressed alone, also by the space bar."""

    on_key_down: rx.EventHandler[key_event]


def _title(ticket: rx.Var[TicketRow], is_open: rx.Var[bool]) -> rx.Component:
    """Returns the title: a press unfolds the ticket here, so that one keeps one's place in the
    list. With Ctrl, or by the middle button, it opens as any link does, on its page."""
    toggle = rx.cond(
        is_open,
        Detail.fold(ticket.id).prevent_default,
        Detail.unfold(ticket.id).prevent_default,
    )
    return TitleLink.create(
        ticket.title,
        to=page_of(ticket.id),
        role="button",
        on_click=lambda press: rx.cond(
            press["ctrl_key"] | press["meta_key"] | press["shift_key"], rx.noop(), toggle
        ),
        on_key_down=lambda key, _: rx.cond(key == " ", toggle, rx.noop()),
        class_name="row-title",
        dir="auto",
        custom_attrs={
            "id": ticket_title(ticket.id),
            "aria-expanded": is_open.to_string(),
        },
    )


def _is_unfolded(ticket: rx.Var[TicketRow]) -> rx.Var[bool]:
    return Detail.unfolded.contains(ticket.id.to_string())


def _rows() -> rx.Component:
    return rx.fragment(
        rx.el.ol(
            rx.foreach(
                Queue.rows,
                lambda ticket: rx.el.li(
                    ticket_row(
                        ticket=ticket,
                        is_new=ticket.id == Form.filed,
                        is_led=ticket.id == Queue.led,
                        is_open=_is_unfolded(ticket),
                        has_draft=OwnDrafts.tickets.contains(ticket.id),
                    ),
                    rx.cond(_is_unfolded(ticket), detail(ticket)),
                    key=ticket.id,
                    class_name="row-item",
                    custom_attrs={
                        "data-ticket": ticket.id,
                        "data-gone": rx.cond(ticket.gone, ticket.gone, rx.Var("undefined")),
                    },
                ),
            ),
        ),
        rx.cond(Queue.stopped, words(Queue.stopped, class_name="quiet small stopped")),
        rx.cond(
            Queue.more,
            InView.create(
                rx.el.button(
                    "Load more",
                    type="button",
                    on_click=[
                        focus(ticket_title(Queue.rows[-1].id)),
                        Queue.load_more(Queue.rows.length()),
                    ],
                    class_name="button",
                ),
                on_change=lambda visible: rx.cond(
                    visible, Queue.load_more(Queue.rows.length()), rx.noop()
                ),
                root_margin="600px",
                class_name="more",
            ),
        ),
        rx.cond(
            Queue.full,
            rx.el.div(
                rx.el.button(
                    _in_order("Older", "Further"),
                    " tickets",
                    type="button",
                    on_click=[focus(CONTENT), Queue.turn_over],
                    class_name="button",
                ),
                class_name="more",
            ),
        ),
    )


def _empty() -> rx.Component:
    return rx.el.div(
        rx.cond(
            narrowed(),
            rx.fragment(
                rx.el.p("No ticket matches."),
                rx.el.button(
                    "Clear the filters", type="button", on_click=clear(), class_name="button"
                ),
            ),
            rx.fragment(
                rx.el.p("No tickets yet."),
                rx.el.button(
                    "File the first one",
                    type="button",
                    on_click=start_ticket(),
                    class_name="button",
                ),
            ),
        ),
        class_name="empty",
    )
