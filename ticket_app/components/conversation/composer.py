"""The box for a message: a reply or a note, unmistakably which, and its preview."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import reflex as rx
from reflex.experimental.client_state import ClientStateVar

from ticket_app.components.attachments.attaching import attaching, files_to_send, pastes
from ticket_app.components.attachments.files import files
from ticket_app.components.browser.browser_functions import as_object, call, function_of
from ticket_app.components.browser.field_values import value_of, values_of
from ticket_app.components.browser.words import words
from ticket_app.components.conversation.drafted import checked, draft, draft_button
from ticket_app.components.conversation.drafts import (
    BOX,
    choice,
    draft_fields,
    drafting,
    new_mount,
    saves,
    unsaved,
)
from ticket_app.components.conversation.entries import NEWEST
from ticket_app.components.conversation.mentions import offers, with_mentions
from ticket_app.components.conversation.scroll import scroll_to
from ticket_app.components.conversation.stop import stop
from ticket_app.components.frame import icon
from ticket_app.state.conversation.composing import FIELDS, Composing
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.vocabulary import DRAFT_MAX, MessageKind, Side

REPLY, NOTE = MessageKind.REPLY.value, MessageKind.NOTE.value
NOTED = "Note, for the team only"
HELD = "held-message"
_kind = ClientStateVar.create("messageKind", default=REPLY)


class _Box(NamedTuple):
    """The State of a box, and its ticket. `may_resolve` is None in a box that is not the team's.
    `seen` is the newest message that the page shows, `on_key` what else a key in a field does."""

    state: type[Composing]
    ticket_id: rx.Var[int]
    may_resolve: rx.Var[bool] | None
    seen: rx.Var[int] | int
    on_key: Any

    @property
    def is_team(self) -> bool:
        return self.may_resolve is not None

    @property
    def is_note(self) -> rx.Var[bool]:
        """True if a note is written. Only the team has the choice."""
        return (_kind.value == NOTE) if self.is_team else rx.Var.create(False)

    def on_keys(self, kind: str) -> Callable[[rx.Var[str]], list[Any]]:
        """Returns the events of a key beside those that save the text."""
        is_checked = self.is_team and kind == REPLY
        return lambda text: [
            *([] if self.on_key is None else [self.on_key]),
            *([checked(self.ticket_id, text)] if is_checked else []),
        ]

    def send(self, kind: str, *, resolve: bool = False) -> Any:
        """Returns the event that sends what the field of this kind holds."""
        text, key = value_of(f"{kind}-text"), value_of(f"{kind}-key")
        files = files_to_send(self.state.unsent, self.ticket_id, kind)
        revision = value_of(f"{kind}-revision")
        return self.state.send(
            self.ticket_id, kind, text, key, resolve, self.seen, *files, revision
        )


def composer(
    state: type[Composing],
    ticket_id: rx.Var[int],
    *,
    may_resolve: rx.Var[bool] | None = None,
    seen: rx.Var[int] | int = 0,
    on_key: Any = None,
    label: str = "Reply to the requester",
) -> rx.Component:
    """Returns the box. Where one may resolve the ticket, one may write notes, too.

    Each kind has a field of its own, so that no note becomes a reply by a wrong press.
    """
    box = _Box(state, ticket_id, may_resolve, seen, on_key)
    meet = [
        state.meet(ticket_id, values_of(FIELDS), new_mount()),
        state.unsent.read_files(ticket_id),
    ]
    of_team = [
        _choice_of_kind(),
        draft(state, ticket_id, hidden=box.is_note),
        stop(box.send),
        with_mentions(NOTE, _field(box, NOTE, NOTED)),
    ]
    return rx.el.section(
        rx.fragment(on_mount=meet),
        rx.cond(state.ready, rx.fragment(), rx.fragment(on_mount=meet)),
        drafting(state),
        rx.cond(state.sent > 0, _after_sending(state)),
        *([_kind, *of_team] if box.is_team else []),
        with_mentions(REPLY, _field(box, REPLY, label))
        if box.is_team
        else _field(box, REPLY, label),
        rx.cond(state.preview, rx.html(state.preview, class_name="markdown preview")),
        attaching(state.unsent, ticket_id, NOTE, ~box.is_note) if box.is_team else rx.fragment(),
        attaching(state.unsent, ticket_id, REPLY, box.is_note),
        _foot(box),
        id=BOX,
        key=ticket_id.to_string(),
        class_name=rx.cond(box.is_note, "composer of-note", "composer"),
        custom_attrs={
            "aria-label": "Write",
            "data-ticket": ticket_id,
            "data-writer": state.writer,
            **pastes(box.is_note),
        },
    )


def held(page: type[Conversation], undo: Any) -> rx.Component:
    """Returns the reader's own messages that nobody else sees yet, each with a way back."""
    return rx.foreach(
        page.held,
        lambda each: rx.fragment(
            rx.el.li(
                rx.el.p(
                    words(each.waits),
                    rx.el.button(
                        "Undo",
                        type="button",
                        on_click=[
                            rx.call_function(_kind.set_value(each.kind)),
                            undo(each.id, values_of(FIELDS)),
                        ],
                        class_name="button low",
                    ),
                    class_name="said-head",
                ),
                rx.html(each.html, class_name="markdown"),
                files(each.files),
                id=HELD,
                class_name="said held",
                custom_attrs={"data-kind": each.kind, "data-side": Side.TEAM.value},
            ),
            key=each.id,
        ),
    )


def _choice_of_kind() -> rx.Component:
    return rx.el.div(
        _kind_button(REPLY, "Reply", "reply"),
        _kind_button(NOTE, "Note, team only", "lock"),
        role="radiogroup",
        class_name="kinds",
        custom_attrs={"aria-label": "Who may read it"},
    )


def _kind_button(kind: str, word: str, picture: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="message-kind",
            value=kind,
            checked=_kind.value == kind,
            on_change=rx.call_function(_kind.set_value(kind)),
        ),
        icon(picture, 14),
        rx.el.span(word),
        class_name="kind",
    )


def _field(box: _Box, kind: str, label: str) -> rx.Component:
    """Returns the field of a kind, which the browser holds, and the hidden one of its key."""
    state = box.state
    is_other = box.is_note if kind == REPLY else ~box.is_note
    return rx.fragment(
        rx.el.textarea(
            id=f"{kind}-text",
            dir="auto",
            placeholder=label,
            max_length=DRAFT_MAX,
            hidden=is_other | (state.preview != ""),
            **saves(state, box.ticket_id, kind, box.on_keys(kind)),
            on_key_down=lambda key, held: rx.cond(
                (key == "Enter") & (held["ctrl_key"] | held["meta_key"]),
                box.send(kind),
                rx.noop(),
            ),
            class_name="input",
            custom_attrs={"aria-label": label, "aria-describedby": "message-refusal"}
            | (offers(kind) if box.is_team else {}),
        ),
        draft_fields(kind),
    )


def _foot(box: _Box) -> rx.Component:
    state = box.state
    choose = partial(choice, state, box.ticket_id)
    look = rx.cond(
        box.is_note, state.look(value_of(f"{NOTE}-text")), state.look(value_of(f"{REPLY}-text"))
    )
    return rx.el.div(
        rx.el.p(words(state.refusal, dir="auto"), id="message-refusal", role="alert"),
        *([draft_button(box.ticket_id, hidden=box.is_note)] if box.is_team else []),
        unsaved(state),
        rx.cond(box.is_note, choose(NOTE), choose(REPLY)),
        rx.cond(state.preview, _button("Write on", state.write_on), _button("Preview", look)),
        rx.fragment() if box.may_resolve is None else _resolving(box, box.may_resolve),
        rx.cond(
            box.is_note,
            _send_button("Add note", box, NOTE),
            _send_button("Send", box, REPLY),
        ),
        class_name="composer-foot",
    )


def _resolving(box: _Box, may_resolve: rx.Var[bool]) -> rx.Component:
    button = rx.el.button(
        "Send and resolve",
        type="button",
        on_click=box.send(REPLY, resolve=True),
        disabled=~box.state.ready,
        class_name="button",
    )
    return rx.cond(may_resolve & ~box.is_note, button)


def _send_button(word: str, box: _Box, kind: str) -> rx.Component:
    return rx.el.button(
        word,
        type="button",
        on_click=box.send(kind),
        disabled=~box.state.ready,
        title="Ctrl+Enter",
        class_name="button main-action",
    )


def _button(word: str, event: Any) -> rx.Component:
    return rx.el.button(word, type="button", on_click=event, class_name="button bare")


def _after_sending(state: type[Composing]) -> rx.Component:
    """Takes what was sent out of its field, and shows it in the conversation."""
    return rx.fragment(
        take_sent(field=state.sent_kind + "-text", text=state.sent_text),
        rx.fragment(on_mount=[scroll_to(NEWEST), scroll_to(HELD)]),
        key=state.sent.to_string(),
    )


@rx.memo
def take_sent(field: rx.Var[str], text: rx.Var[str]) -> rx.Component:
    """Leaves in the field what was typed after this text was sent. Draws nothing."""
    element = as_object(call(rx.Var("document.getElementById"), field))
    value = element["value"].to(str)
    left = rx.cond(value.startswith(text), call(as_object(value)["slice"], text.length()), value)
    put = call(rx.Var("Object.assign"), element, rx.Var.create({"value": left}))
    return rx.el.span(on_mount=rx.call_function(function_of((), put)), hidden=True)
