"""The entries of a conversation: replies, notes that the team alone reads, and runs of changes."""

import reflex as rx

from ticket_app.components.attachments.files import files
from ticket_app.components.browser.times import ago
from ticket_app.components.browser.words import words
from ticket_app.components.frame import icon
from ticket_app.components.tickets.detail import history_line
from ticket_app.state.conversation.entries import CHANGES, Entry
from ticket_app.state.conversation.paged import Paged
from ticket_app.vocabulary import MessageKind, Side

NEWEST = "newest-message"
"""The id of the newest entry."""


def entries(page: type[Paged]) -> rx.Component:
    """Returns the entries that a page shows, the newest at the end."""
    last = page.newest.length() - 1
    return rx.fragment(
        rx.foreach(page.earlier, lambda entry: _item(entry, is_newest=False)),
        rx.foreach(page.newest, lambda entry, place: _item(entry, is_newest=place == last)),
    )


def _item(entry: rx.Var[Entry], *, is_newest: rx.Var[bool] | bool) -> rx.Component:
    return rx.fragment(entry_item(entry=entry, is_newest=is_newest), key=entry.key)


@rx.memo
def entry_item(entry: rx.Var[Entry], is_newest: rx.Var[bool]) -> rx.Component:
    """One entry. It is drawn again only when it changes."""
    return rx.el.li(
        rx.cond(entry.kind == CHANGES, _changes(entry), _message(entry)),
        class_name="said",
        custom_attrs={
            "id": rx.cond(is_newest, NEWEST, entry.key),
            "data-kind": entry.kind,
            "data-side": entry.side,
        },
    )


def description(
    body: rx.Component, author: rx.Var[str], at: rx.Var[str], tools: rx.Component | None = None
) -> rx.Component:
    """Returns the description of a ticket, which is said first. `body` is its `plain_text`."""
    return rx.el.li(
        _head(rx.cond(author, author, "Requester"), tools or rx.fragment(), at),
        body,
        class_name="said first",
        custom_attrs={"data-kind": MessageKind.REPLY.value, "data-side": Side.REQUESTER.value},
    )


def plain_text(text: rx.Component) -> rx.Component:
    """Returns a text that is not Markdown, as it was typed."""
    return rx.el.p(text, class_name="own-text", dir="auto")


def _message(entry: rx.Var[Entry]) -> rx.Component:
    return rx.fragment(
        _head(entry.author, _for_whom(entry), entry.at),
        rx.html(entry.html, class_name="markdown"),
        files(entry.files),
    )


def _head(
    author: rx.Var[str] | rx.Component, for_whom: rx.Component, at: rx.Var[str]
) -> rx.Component:
    return rx.el.p(
        words(author, class_name="by", dir="auto"), for_whom, ago(at), class_name="said-head"
    )


def _for_whom(entry: rx.Var[Entry]) -> rx.Component:
    """Returns the words that tell a note from a reply, whatever the colours."""
    return rx.cond(
        entry.kind == MessageKind.NOTE.value,
        rx.el.span(icon("lock", 12), rx.el.span("Note, team only"), class_name="tag note-tag"),
        rx.cond(entry.side == Side.TEAM.value, rx.el.span("Reply", class_name="tag")),
    )


def _changes(entry: rx.Var[Entry]) -> rx.Component:
    """Returns a run of changes, folded unless it is one."""
    return rx.cond(
        entry.lines.length() == 1,
        rx.el.ul(history_line(entry.lines[0]), class_name="said-changes"),
        rx.el.details(
            rx.el.summary(words(entry.summary, dir="auto"), ago(entry.at)),
            rx.el.ul(rx.foreach(entry.lines, history_line)),
            class_name="said-changes",
        ),
    )
