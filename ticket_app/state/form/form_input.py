"""Parses what the form for a new ticket sends, which may be anything, from anybody.

The browser's fields count, and not the State's. A State may be new after a restart of its server,
or behind on a slow connection.
"""

import secrets
from collections.abc import Container
from typing import Any, NamedTuple

from ticket_app.state.event_arguments import text_of
from ticket_app.vocabulary import (
    DESCRIPTION_MAX,
    IDEMPOTENCY_KEY_MAX,
    REQUESTER_EMAIL_MAX,
    REQUESTER_NAME_MAX,
    TITLE_MAX,
    Category,
    Priority,
)

KEY = "form_key"
"""The hidden field with the idempotency key of the form."""
LONGEST = {
    "title": TITLE_MAX,
    "description": DESCRIPTION_MAX,
    "requester_name": REQUESTER_NAME_MAX,
    "requester_email": REQUESTER_EMAIL_MAX,
}
"""The text fields, with the most characters of each."""
CHOICES: dict[str, tuple[str, ...]] = {"category": (*Category,), "priority": (*Priority,)}
OFFERED = {field: f"offered_{field}" for field in CHOICES}
"""For each select, the hidden field with the suggestion that was put into it. A select with the
same value shows a suggestion; with another value it shows a choice."""
FIELDS = (*LONGEST, *CHOICES, *OFFERED.values(), KEY)
CHOICE_LONGEST = 40
ROOM = 2
"""The multiple of its limit up to which a text is kept, so that the error can say the excess."""


class FormInput(NamedTuple):
    """The form's fields: texts, the person's choices, accepted suggestions, idempotency key.

    A value of `texts` that is no text stays as it is, and TicketCreate refuses it.
    """

    texts: dict[str, Any]
    chosen: dict[str, str]
    suggested: dict[str, str]
    key: str

    @property
    def drafts(self) -> dict[str, str]:
        """The texts as a State keeps them: strings, each cut to ROOM times its limit."""
        return {name: text_of(self.texts[name], LONGEST[name] * ROOM) for name in LONGEST}

    @property
    def is_empty(self) -> bool:
        """True if nothing was typed and nothing chosen."""
        return not self.chosen and all(
            isinstance(text, str) and not text.strip() for text in self.texts.values()
        )


def read(data: Any) -> FormInput:
    """Returns the fields of what a page sent. TicketCreate checks their values."""
    fields: dict[str, Any] = data if isinstance(data, dict) else {}
    texts = {name: _cut(fields.get(name, ""), ROOM * most) for name, most in LONGEST.items()}
    shown = {field: text_of(fields.get(field), CHOICE_LONGEST) for field in CHOICES}
    picked = {field: value for field, value in shown.items() if value}
    offered = {field: fields.get(name) for field, name in OFFERED.items()}
    return FormInput(
        texts,
        chosen={field: value for field, value in picked.items() if value != offered[field]},
        suggested={
            field: value
            for field, value in picked.items()
            if value == offered[field] and value in CHOICES[field]
        },
        key=_key(fields.get(KEY)),
    )


def _cut(value: Any, longest: int) -> Any:
    return value[:longest] if isinstance(value, str) else value


def without(values: dict[str, str], fields: Container[str]) -> dict[str, str]:
    """Returns the values without these fields."""
    return {name: value for name, value in values.items() if name not in fields}


def known_choices(chosen: dict[str, str]) -> dict[str, str]:
    """Returns the choices that the selects offer."""
    return {field: value for field, value in chosen.items() if value in CHOICES[field]}


def new_key() -> str:
    """Returns a new idempotency key."""
    return secrets.token_urlsafe(16)


def _key(value: Any) -> str:
    key = text_of(value, IDEMPOTENCY_KEY_MAX)
    return key if key.isascii() and key.isprintable() and " " not in key else ""
