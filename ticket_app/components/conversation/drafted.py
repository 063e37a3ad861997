"""A reply that a provider has drafted: the button that asks for it, and the draft over the field.

A draft comes into the field by a press alone. The browser puts it there, below what is written, so
that no key is lost on the way to the server.
"""

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.browser.field_values import value_of
from ticket_app.components.browser.focus import focus
from ticket_app.components.browser.words import words
from ticket_app.components.conversation.drafts import save
from ticket_app.components.frame import icon
from ticket_app.components.tickets.detail import page_of
from ticket_app.state.conversation.composing import Composing
from ticket_app.state.conversation.drafted import Drafted, Part
from ticket_app.vocabulary import MessageKind

REPLY = MessageKind.REPLY.value
FIELD = f"{REPLY}-text"
CHECK_MS = 600
"""Milliseconds without a key after which a reply is looked at."""
ASK = "draft-reply"
"""The id of the button that asks for a draft."""


def draft_button(ticket_id: rx.Var[int], *, hidden: rx.Var[bool]) -> rx.Component:
    """Returns the button that asks for a draft; none at a desk without a provider."""
    return rx.cond(
        Drafted.possible & ~hidden,
        rx.el.button(
            icon("sparkles", 14),
            words(rx.cond(Drafted.draft_id > 0, "Draft another", "Draft a reply")),
            type="button",
            id=ASK,
            on_click=Drafted.ask(ticket_id),
            disabled=Drafted.asking | Drafted.inserted,
            class_name="button bare draft-ask",
        ),
    )


def checked(ticket_id: rx.Var[int], text: rx.Var[str]) -> Any:
    """Returns the event that looks at a reply which is made from a draft, once it rests."""
    is_asked = (Drafted.draft_id > 0) & (Drafted.ticket_id == ticket_id)
    return rx.cond(is_asked, Drafted.check(ticket_id, text).debounce(CHECK_MS), rx.noop())


def draft(state: type[Composing], ticket_id: rx.Var[int], *, hidden: rx.Var[bool]) -> rx.Component:
    """Returns the call under way, or the draft, or why there is none."""
    shown = rx.cond(
        Drafted.asking,
        _asking(),
        rx.cond(
            Drafted.draft_id > 0,
            rx.cond(Drafted.inserted, _inserted(state, ticket_id), _offered(state, ticket_id)),
        ),
    )
    return rx.fragment(
        rx.fragment(on_mount=Drafted.meet(ticket_id), on_unmount=Drafted.leave(ticket_id)),
        rx.cond(
            Drafted.draft_id > 0,
            rx.fragment(
                # An empty field tells nothing: its text may be on the way.
                on_mount=rx.cond(
                    value_of(FIELD) != "", Drafted.check(ticket_id, value_of(FIELD)), rx.noop()
                ),
                key=Drafted.draft_id.to_string(),
            ),
        ),
        rx.el.div(
            rx.cond(hidden, rx.fragment(), shown),
            rx.el.p(words(Drafted.problem), class_name="draft-problem"),
            role="status",
            class_name="draft",
        ),
    )


def _asking() -> rx.Component:
    return rx.el.div(
        rx.el.span("Drafting a reply…", class_name="quiet"),
        _button("Cancel", [Drafted.cancel, focus(FIELD)]),
        class_name="draft-head",
    )


def _offered(state: type[Composing], ticket_id: rx.Var[int]) -> rx.Component:
    current = value_of(FIELD)
    below = rx.cond(current.strip() == "", Drafted.body, current + "\n\n" + Drafted.body)
    return rx.el.div(
        _head(Drafted.parts.length() > 1),
        rx.el.p(
            rx.foreach(Drafted.parts, _part),
            dir="auto",
            tab_index=0,
            class_name="draft-text",
            custom_attrs={"role": "region", "aria-label": "Draft"},
        ),
        rx.el.div(
            _button("Throw away", [focus(FIELD), Drafted.throw_away]),
            rx.cond(
                Drafted.written,
                rx.fragment(
                    _button("Replace", _put(state, ticket_id, Drafted.body)),
                    _button("Insert below", _put(state, ticket_id, below)),
                ),
                _button("Insert", _put(state, ticket_id, below)),
            ),
            class_name="draft-foot",
        ),
        class_name="draft-box",
    )


def _inserted(state: type[Composing], ticket_id: rx.Var[int]) -> rx.Component:
    """Returns the mark of a reply that has words of a draft, which stays until it is sent."""
    current = value_of(FIELD)
    back = rx.cond(current == Drafted.after, Drafted.before, current)
    undo = [
        save(state, ticket_id, REPLY, back),
        Drafted.undo(current),
        rx.set_value(FIELD, back),
        focus(FIELD),
    ]
    return rx.el.div(
        rx.el.div(
            _head(Drafted.copied.length() > 0),
            rx.cond(Drafted.after, _button("Take it out again", undo)),
            class_name="between",
        ),
        rx.cond(
            Drafted.copied.length() > 0,
            rx.el.ul(rx.foreach(Drafted.copied, lambda part: rx.el.li(_copied(part)))),
        ),
        class_name="draft-box",
    )


def _head(is_marked: rx.Var[bool]) -> rx.Component:
    """Returns who has drafted it, and of which tickets' replies."""
    return rx.el.p(
        icon("sparkles", 14),
        rx.el.span("Drafted by "),
        rx.el.b(words(Drafted.by)),
        rx.cond(Drafted.sources.length() > 0, rx.el.span(" from ")),
        rx.foreach(Drafted.sources, _source),
        rx.el.span(". Check it before you send it."),
        rx.cond(is_marked, rx.el.b(" Marked words stand in replies to other customers.")),
        class_name="draft-head",
    )


def _source(number: rx.Var[int]) -> rx.Component:
    return ReactRouterLink.create(
        words("#" + number.to_string()),
        to=page_of(number),
        target="_blank",
        class_name="link",
        custom_attrs={"aria-label": "Ticket " + number.to_string() + ", in a new tab"},
    )


def _part(part: rx.Var[Part]) -> rx.Component:
    return rx.cond(part.source > 0, _copied(part), words(part.text))


def _copied(part: rx.Var[Part]) -> rx.Component:
    return rx.fragment(
        rx.el.mark(words(part.text, dir="auto"), class_name="copied"), _source(part.source)
    )


def _put(state: type[Composing], ticket_id: rx.Var[int], text: rx.Var[str]) -> list[Any]:
    """Returns the events that put a text into the field. It is set last, because each of the others
    reads the field as it was."""
    return [
        save(state, ticket_id, REPLY, text),
        Drafted.insert(value_of(FIELD), text),
        rx.set_value(FIELD, text),
        focus(FIELD),
    ]


def _button(word: str, event: Any) -> rx.Component:
    return rx.el.button(word, type="button", on_click=event, class_name="button low")
