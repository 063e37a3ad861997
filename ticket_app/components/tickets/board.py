"""The board: a person drags a card, or chooses its status on it."""

from typing import Any

import reflex as rx

from ticket_app.components.browser.browser_functions import Object, as_object, call
from ticket_app.components.browser.dnd import Announce, DragDropContext, Droppable, listener
from ticket_app.components.browser.focus import CONTENT, focus_if_lost
from ticket_app.components.browser.numbers import grouped
from ticket_app.components.browser.outbox import is_unanswered
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.components.tickets.card import card, gap
from ticket_app.components.tickets.drag_announcements import HOW_TO, lifted, over, put
from ticket_app.components.tickets.optimistic_order import (
    begin_drag,
    cancel_drag,
    move,
    reset_order,
    shown,
)
from ticket_app.state.tickets.board import Board
from ticket_app.state.tickets.rows import TicketRow
from ticket_app.theme import LOOKS, Look
from ticket_app.vocabulary import Status


def board() -> rx.Component:
    """Returns a column for each status."""
    return rx.fragment(
        problem(Board.problem, Board.load),
        DragDropContext.create(
            rx.el.div(
                *(_column(Status(status), look) for status, look in LOOKS["status"].items()),
                class_name="board",
            ),
            drag_handle_usage_instructions=HOW_TO,
            on_before_capture=listener(_before_capture),
            on_drag_start=listener(_lifted),
            on_drag_update=listener(_moved),
            on_drag_end=listener(_dropped),
        ),
        rx.cond(
            Board.refused,
            rx.fragment(
                restored_focus(ticket_id=Board.refused_ticket), key=Board.refused.to_string()
            ),
        ),
        on_mount=Board.begin,
        on_unmount=reset_order(),
    )


def _before_capture(report: Object, _: Announce) -> list[rx.Var[Any]]:
    """Focuses the card before the drag. The package restores the focus, but a mouse sets none."""
    handle = call(rx.Var("document.getElementById"), f"card-{report['draggableId']}")
    return [call(as_object(handle)["focus"], {"preventScroll": True}), begin_drag()]


def _lifted(report: Object, announce: Announce) -> list[rx.Var[Any]]:
    return [announce(lifted(as_object(report["source"])))]


def _moved(report: Object, announce: Announce) -> list[rx.Var[Any]]:
    return [announce(over(as_object(report["source"]), report["destination"]))]


def _dropped(report: Object, announce: Announce) -> list[rx.Var[Any]]:
    source, target = as_object(report["source"]), as_object(report["destination"])
    elsewhere = (source["droppableId"].to(str) != target["droppableId"].to(str)) | (
        source["index"].to(int) != target["index"].to(int)
    )
    is_moved = report["destination"].bool() & elsewhere
    return [
        announce(put(source, report["destination"])),
        rx.cond(is_moved, move(source, target), cancel_drag()),
    ]


def _column(status: Status, look: Look) -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.h2(
                icon(look.icon),
                rx.el.span(look.word),
                words(grouped(Board.counts[status.value].to(int)), class_name="number"),
            ),
            rx.cond(
                Board.news[status.value],
                rx.el.button(
                    words(Board.news[status.value]),
                    type="button",
                    title="Put this column in order",
                    on_click=Board.put_in_order(status.value),
                    class_name="button bare low",
                ),
            ),
            class_name="column-head",
        ),
        Droppable.create(
            cards(status=status.value),
            droppable_id=status.value,
            class_name="column-cards",
        ),
        _end_of(status),
        class_name="column",
        custom_attrs={
            "data-status": status.value,
            "aria-label": look.word,
            "aria-busy": _is_busy(status).to_string(),
        },
    )


def _is_busy(status: Status) -> rx.Var[bool]:
    """Returns True if other cards of the column are awaited."""
    asked = is_unanswered(Board.load_more, status=status.value)
    return ~Board.loaded | asked | is_unanswered(Board.put_in_order, status=status.value)


@rx.memo
def restored_focus(ticket_id: rx.Var[int]) -> rx.Component:
    """Restores the focus to a card that went back to its column, and scrolls it into view.

    React draws the card as a new element there, so the focus was lost. A focus elsewhere stays.
    """
    return rx.el.span(on_mount=focus_if_lost(CONTENT, f"card-{ticket_id}"), hidden=True)


@rx.memo
def cards(status: rx.Var[str]) -> rx.Component:
    """The cards of a column, in a memo: Reflex cannot compile a loop inside Droppable itself."""
    column = shown()[status].to(list[TicketRow])
    return rx.fragment(
        rx.cond(~Board.loaded, skeleton(3, "ticket-card")),
        rx.cond(
            Board.loaded & (column.length() == 0), rx.el.p("No tickets here.", class_name="empty")
        ),
        rx.foreach(
            column,
            lambda ticket, index: rx.cond(
                ticket.status == status, card(ticket, index, status), gap(ticket, index, status)
            ),
        ),
    )


def _end_of(status: Status) -> rx.Component:
    """Returns the way to more cards. It stands below the column, so that no card moves it."""
    return rx.cond(
        Board.more[status.value].to(bool),
        rx.el.div(
            rx.el.button(
                "Load more",
                type="button",
                on_click=Board.load_more(status.value, getattr(Board, status.value).length()),
                class_name="button low",
            ),
            class_name="more",
        ),
        rx.cond(
            Board.full[status.value].to(bool),
            rx.el.div(
                rx.el.a("See the rest on the desk", href=f"/?status={status.value}"),
                class_name="more small",
            ),
        ),
    )
