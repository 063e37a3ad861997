"""The board: drag a card, or choose its status on it."""

import reflex as rx

from ticket_app.components.badges import badge, category_tag, status_select, urgency
from ticket_app.components.dnd import DragDropContext, Draggable, Droppable
from ticket_app.components.frame import icon
from ticket_app.components.numbers import grouped
from ticket_app.components.states import ghosts, problem
from ticket_app.components.times import ago
from ticket_app.components.words import words
from ticket_app.state.actions import TicketActions
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
            on_drag_end=TicketActions.drop,
        ),
    )


def _column(status: Status, look: Look) -> rx.Component:
    return rx.el.section(
        rx.el.h2(
            icon(look.icon),
            rx.el.span(look.word),
            words(grouped(Board.counts[status.value].to(int)), class_name="number"),
            class_name="column-head",
        ),
        rx.cond(~Board.loaded, ghosts(3, "ticket-card")),
        Droppable.create(
            cards(status=status.value),
            droppable_id=status.value,
            class_name="column-cards",
        ),
        class_name="column",
        custom_attrs={"data-status": status.value, "aria-label": look.word},
    )


@rx.memo
def cards(status: rx.Var[str]) -> rx.Component:
    """The cards of a column. A loop stands in a memo, or Reflex cannot compile it in here."""
    return rx.fragment(
        *(
            rx.cond(
                status == one.value,
                rx.fragment(
                    rx.foreach(getattr(Board, one.value), _card),
                    _end_of(one),
                ),
            )
            for one in Status
        )
    )


def _end_of(status: Status) -> rx.Component:
    """More cards, or a word for a column without any."""
    return rx.cond(
        Board.more[status.value].to(bool),
        rx.el.div(
            rx.el.button(
                "Load more",
                type="button",
                on_click=Board.load_more(status.value),
                class_name="button low",
            ),
            class_name="more",
        ),
        rx.cond(
            Board.full[status.value].to(bool),
            rx.el.div(
                rx.el.a("The rest is on the desk", href=f"/?status={status.value}"),
                class_name="more small",
            ),
            rx.cond(
                Board.loaded & (getattr(Board, status.value).length() == 0),
                rx.el.p("No tickets here.", class_name="empty"),
            ),
        ),
    )


def _card(ticket: rx.Var[TicketRow], index: rx.Var[int]) -> rx.Component:
    return Draggable.create(
        rx.fragment(
            words(ticket.title, class_name="words", dir="auto"),
            rx.el.span(
                words(f"#{ticket.id}", class_name="number"),
                category_tag(ticket.category),
                ago(ticket.filed_at),
                class_name="row-meta",
            ),
            rx.el.span(
                badge("priority", ticket.priority),
                badge("sentiment", ticket.sentiment),
                class_name="foot",
            ),
        ),
        rx.el.span(
            status_select(ticket.id, ticket.status), urgency(ticket.urgency), class_name="foot"
        ),
        draggable_id=ticket.id.to_string(),
        index=index,
        class_name="ticket-card",
    )
