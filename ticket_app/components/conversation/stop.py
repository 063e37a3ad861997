"""The stop before a message: what others wrote meanwhile, and the two ways to go on."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.times import ago
from ticket_app.components.browser.words import words
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.entries import Entry
from ticket_app.state.conversation.stop import Stop
from ticket_app.vocabulary import MessageKind

REPLY, NOTE = MessageKind.REPLY.value, MessageKind.NOTE.value


def stop(send: Callable[..., Any]) -> rx.Component:
    """Returns what stopped a message to the ticket that is shown, if something did."""
    is_here = (Stop.newer.length() > 0) & (Stop.ticket_id == Conversation.ticket.id)
    return rx.cond(
        is_here,
        rx.el.div(
            rx.el.ul(rx.foreach(Stop.newer, _newer)),
            rx.el.div(
                _go_on("Keep writing", [Stop.keep_writing, focus(Stop.kind + "-text")]),
                rx.match(
                    Stop.kind,
                    (NOTE, _go_on("Add anyway", send(NOTE))),
                    rx.cond(
                        Stop.resolves,
                        _go_on("Send and resolve anyway", send(REPLY, resolve=True)),
                        _go_on("Send anyway", send(REPLY)),
                    ),
                ),
                class_name="stop-foot",
            ),
            role="group",
            class_name="stop",
            custom_attrs={"aria-label": "Newer messages"},
        ),
    )


def _newer(entry: rx.Var[Entry]) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            words(entry.author, class_name="by", dir="auto"),
            rx.cond(entry.kind == NOTE, rx.el.span("Note, team only", class_name="tag")),
            ago(entry.at),
            class_name="said-head",
        ),
        rx.html(entry.html, class_name="markdown"),
    )


def _go_on(word: str, event: Any) -> rx.Component:
    return rx.el.button(word, type="button", on_click=event, class_name="button low")
