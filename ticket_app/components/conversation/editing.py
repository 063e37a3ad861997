"""The title and the description of a ticket, which one edits where they stand."""

from typing import Any

import reflex as rx
from reflex.experimental.client_state import ClientStateVar

from ticket_app.components.browser.browser_functions import call, function_of
from ticket_app.components.browser.field_values import value_of
from ticket_app.components.browser.focus import focus
from ticket_app.components.frame import icon
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.editing import Editing
from ticket_app.vocabulary import DESCRIPTION_MAX, TITLE_MAX

TITLE, DESCRIPTION = "title", "description"
BOX = "edited-text"
"""The id of the field in which one edits. There is one at a time."""
_edited = ClientStateVar.create("editedText", default="")
"""The ticket and field that are edited. The browser keeps it, so that no restart closes a field."""
_left = ClientStateVar.create("leftText", default="")
"""The ticket and field whose editor was closed last: its button takes the focus."""
_seen = ClientStateVar.create("editedVersion", default=0)
"""The version of the ticket when the editing began: what others set since is not overwritten."""


def closing_of_editors() -> rx.Component:
    """Closes the field once the desk has taken its text. Every page with editors has one."""
    close = rx.fragment(on_mount=_set((_left, _edited.value), (_edited, "")))
    return rx.fragment(
        _edited,
        _left,
        _seen,
        rx.cond(Editing.done > 0, rx.fragment(close, key=Editing.done.to_string())),
    )


def is_edited(field: str) -> rx.Var[bool]:
    """Returns True while the field of the ticket that is shown is edited."""
    return _edited.value == _place(field)


def edit_button(field: str) -> rx.Component:
    """Returns the button that opens the editor of a field."""
    place, element = _place(field), f"edit-{field}"
    return rx.fragment(
        rx.el.button(
            icon("pencil", 14),
            type="button",
            id=element,
            on_click=_set((_seen, Conversation.ticket.version), (_edited, place)),
            title=f"Edit the {field}",
            class_name="button bare icon-only edit",
            custom_attrs={"aria-label": f"Edit the {field}"},
        ),
        rx.cond(_left.value == place, rx.fragment(on_mount=focus(element))),
    )


def title_editor() -> rx.Component:
    """Returns the field of the title. Enter saves."""
    return _editor(TITLE, rx.el.input(**_field(TITLE, Conversation.ticket.title, TITLE_MAX)))


def description_editor() -> rx.Component:
    """Returns the field of the description. Ctrl+Enter saves."""
    box = rx.el.textarea(
        rows="8",
        **_field(DESCRIPTION, Conversation.description, DESCRIPTION_MAX),
    )
    return _editor(DESCRIPTION, box)


def _field(name: str, text: rx.Var[str], longest: int) -> dict[str, Any]:
    return {
        "id": BOX,
        "name": "text",
        "default_value": text,
        "max_length": longest,
        "required": True,
        "auto_focus": True,
        "auto_complete": "off",
        "dir": "auto",
        "on_key_down": lambda key, held: rx.cond(
            key == "Escape",
            _leave(name),
            rx.cond(
                (key == "Enter") & (held["ctrl_key"] | held["meta_key"]), _save(name), rx.noop()
            ),
        ),
        "class_name": "input",
        "custom_attrs": {"aria-label": f"New {name}"},
    }


def _save(field: str) -> Any:
    return Editing.save(Conversation.ticket.id, field, value_of(BOX), _seen.value)


def _editor(field: str, box: rx.Component) -> rx.Component:
    return rx.el.form(
        box,
        rx.el.button("Save", type="submit", class_name="button main-action"),
        rx.el.button("Cancel", type="button", on_click=_leave(field), class_name="button"),
        on_submit=_save(field),
        class_name="editor",
        custom_attrs={"aria-label": f"Edit the {field}"},
    )


def _leave(field: str) -> Any:
    return _set((_left, _place(field)), (_edited, ""))


def _set(*values: tuple[ClientStateVar, Any]) -> Any:
    """Returns an event that sets these variables of the browser."""
    return rx.call_function(function_of((), [call(each.set, value) for each, value in values]))


def _place(field: str) -> rx.Var[str]:
    return Conversation.ticket.id.to_string() + f".{field}"
