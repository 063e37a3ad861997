"""The board: drag a card, or choose its status on it."""

from typing import Any

import reflex as rx

from ticket_app.components.browser_functions import Object, as_object, call
from ticket_app.components.card import card, gap
from ticket_app.components.dnd import Announce, DragDropContext, Droppable, told
from ticket_app.components.drag_words import HOW_TO, lifted, over, put
from ticket_app.components.focus import CONTENT, focus_if_lost
from ticket_app.components.frame import icon
from ticket_app.components.held_order import forget, hold, let_go, move, shown
from ticket_app.components.numbers import grouped
from ticket_app.components.outbox import is_unanswered
from ticket_app.components.states import ghosts, problem
from ticket_app.components.words import words
from ticket_app.state.board import Board
from ticket_app.state.rows import TicketRow
from ticket_app.theme import LOOKS, Look
from ticket_app.vocabulary import Status


def board() -> rx.Component:
    """A column for each status."""
    return rx.fragment(
        problem(Board.problem, Board.load),
        DragDropContext.create(
            rx.el.div(
                *(_column(Status(status), look) for status, look in LOOKS["status"].items()),
                class_name="board",
            ),
            drag_handle_usage_instructions=HOW_TO,
            on_before_capture=told(_capturing),
            on_drag_start=told(_lifted),
            on_drag_update=told(_moving),
            on_drag_end=told(_dropped),
        ),
        rx.cond(
            Board.refused,
            rx.fragment(put_back(ticket_id=Board.refused_ticket), key=Board.refused.to_string()),
        ),
        on_mount=Board.begin,
        on_unmount=forget(),
    )


def _capturing(what: Object, _: Announce) -> list[rx.Var[Any]]:
    """The package gives the focus back to the card that had it; a mouse gives it to none."""
    handle = call(rx.Var("document.getElementById"), f"card-{what['draggableId']}")
    return [call(as_object(handle)["focus"], {"preventScroll": True}), hold()]


def _lifted(what: Object, announce: Announce) -> list[rx.Var[Any]]:
    return [announce(lifted(as_object(what["source"])))]


def _moving(what: Object, announce: Announce) -> list[rx.Var[Any]]:
    return [announce(over(as_object(what["source"]), what["destination"]))]


def _dropped(what: Object, announce: Announce) -> list[rx.Var[Any]]:
    source, target = as_object(what["source"]), as_object(what["destination"])
    elsewhere = (source["droppableId"].to(str) != target["droppableId"].to(str)) | (
        source["index"].to(int) != target["index"].to(int)
    )
    is_moved = what["destination"].bool() & elsewhere
    return [
        announce(put(source, what["destination"])),
        rx.cond(is_moved, move(source, target), let_go()),
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
    """Whether other cards are on their way."""
    asked = is_unanswered(Board.load_more, status=status.value)
    return ~Board.loaded | asked | is_unanswered(Board.put_in_order, status=status.value)


@rx.memo
def put_back(ticket_id: rx.Var[int]) -> rx.Component:
    """A card that is back in its column is another element there: it gets the focus that was lost
    with the first, and comes into view. Whoever went on elsewhere is left alone."""
    return rx.el.span(on_mount=focus_if_lost(CONTENT, f"card-{ticket_id}"), hidden=True)


@rx.memo
def cards(status: rx.Var[str]) -> rx.Component:
    """The cards of a column. A loop stands in a memo, or Reflex cannot compile it in here."""
    column = shown()[status].to(list[TicketRow])
    return rx.fragment(
        rx.cond(~Board.loaded, ghosts(3, "ticket-card")),
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
    """What leads to more cards; it stands below the column, where no card moves it."""
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
