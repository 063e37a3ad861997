"""Rules for a person's text: it can be stored, has a visible character and has a maximum length.

The types here publish the same rules in the OpenAPI document, as far as a schema can state them.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError

from ticket_app.addresses import bare_address, composed, is_address
from ticket_app.patterns import ANY_TEXT, LINE, LINE_OR_BLANK, TEXT
from ticket_app.vocabulary import (
    BLANKS,
    DESCRIPTION_MAX,
    ID_MAX,
    INVISIBLE,
    LINE_ENDS,
    MESSAGE_MAX,
    NONCHARACTERS,
    REQUESTER_EMAIL_MAX,
    REQUESTER_NAME_MAX,
    SEARCH_MAX,
    TITLE_MAX,
    TOKEN_NAME_MAX,
    Ranges,
)


def _class_body(ranges: Ranges) -> str:
    """Returns these code points for the brackets of a regular expression."""
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_SHOWN = re.compile(f"[^{_class_body(INVISIBLE + NONCHARACTERS)}]")
_NOT_IN_LINE = re.compile(f"[{_class_body(LINE_ENDS)}]")


def has_visible_character(text: str) -> bool:
    """Returns True if the text has a visible character."""
    return _SHOWN.search(text) is not None


def without_unseen(text: str) -> str:
    """Returns the text without its invisible characters and controls; a blank stays one."""
    blanks = (" " if each.isspace() else each for each in text)
    return "".join(each for each in blanks if each == " " or _SHOWN.match(each))


def one_line(text: str, longest: int) -> str:
    """Returns the printable characters of a text that a client gives of itself, `longest` at
    most."""
    return "".join(filter(str.isprintable, text))[:longest]


@dataclass(frozen=True, eq=False)
class Published:
    """Adds these rules to the JSON schema of a field."""

    rules: dict[str, Any]

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(core) | self.rules


def _text(noun: str, longest: int, *, one_line: bool = False) -> Any:
    """Returns a validator: the text is storable, has a visible character and `longest` characters
    at most.

    A text of one line is stored without its surrounding blanks and contains no control characters.
    """

    def check(value: str) -> str:
        kept = value.strip(BLANKS) if one_line else value
        if not is_storable(value) or (one_line and _NOT_IN_LINE.search(kept)):
            raise PydanticCustomError("not_text", _REMOVE_LINE_ENDS if one_line else _REMOVE)
        if not has_visible_character(kept):
            raise PydanticCustomError("blank", "Write {noun}.", {"noun": noun})
        if len(value) > longest:
            raise PydanticCustomError(
                "too_long",
                "Shorten this by {excess}; the limit is {longest}.",
                {"excess": _characters(len(value) - longest), "longest": f"{longest:,}"},
            )
        return kept

    return AfterValidator(check)


_REMOVE = "Remove the characters that are not text."
_REMOVE_LINE_ENDS = "Write this on one line, without control characters."


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count:,} characters"


def is_storable(text: str) -> bool:
    """Returns False for a NUL, which PostgreSQL refuses, and for an unpaired surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _blank_is_none(longest: int, *, one_line: bool) -> Any:
    """Returns a validator that turns an optional text without a visible character into None.

    A text that breaks another rule is left for that rule to refuse.
    """

    def clear(value: Any) -> Any:
        if not isinstance(value, str) or len(value) > longest or has_visible_character(value):
            return value
        within = value.strip(BLANKS) if one_line else value
        wrong = not is_storable(value) or (one_line and _NOT_IN_LINE.search(within))
        return value if wrong else None

    return BeforeValidator(clear)


def _address(value: str) -> str:
    if not is_address(value):
        raise PydanticCustomError("email", "Write an e-mail address such as ana@example.com.")
    return composed(value)


def _person_key(value: Any) -> Any:
    """Parses the number of a person; an address stays as it is written."""
    if not isinstance(value, str):
        return value
    if _NUMBER.fullmatch(value) and int(value) <= ID_MAX:
        return int(value)
    address = bare_address(value)
    if len(value) > REQUESTER_EMAIL_MAX or not is_storable(value) or not is_address(address):
        raise PydanticCustomError(
            "person", "Write the number of a person, or an e-mail address such as ana@example.com."
        )
    return address


_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
PersonKey = Annotated[
    int | str,
    BeforeValidator(_person_key),
    WithJsonSchema(
        {
            # Not an integer: 7.0 is one for JSON Schema, and not in a URL of this desk.
            "type": "string",
            "anyOf": [
                {"pattern": "^[1-9][0-9]{0,17}$"},
                {"format": "idn-email", "maxLength": REQUESTER_EMAIL_MAX},
            ],
        }
    ),
]
"""A person in a URL: the number, or the address of an e-mail."""

Title = Annotated[
    str,
    _text("a title", TITLE_MAX, one_line=True),
    Published({"minLength": 1, "maxLength": TITLE_MAX, "pattern": LINE}),
]
Description = Annotated[
    str,
    _text("what is wrong", DESCRIPTION_MAX),
    Published({"minLength": 1, "maxLength": DESCRIPTION_MAX, "pattern": TEXT}),
]
MessageBody = Annotated[
    str,
    _text("a message", MESSAGE_MAX),
    Published({"minLength": 1, "maxLength": MESSAGE_MAX, "pattern": TEXT}),
]
Search = Annotated[
    Annotated[
        str,
        _text("what to search for", SEARCH_MAX),
        Published({"maxLength": SEARCH_MAX, "pattern": ANY_TEXT}),
    ]
    | None,
    _blank_is_none(SEARCH_MAX, one_line=False),
]
TokenName = Annotated[
    str,
    _text("what the token is for", TOKEN_NAME_MAX, one_line=True),
    Published({"minLength": 1, "maxLength": TOKEN_NAME_MAX, "pattern": LINE}),
]
PersonName = Annotated[
    str,
    _text("a name", REQUESTER_NAME_MAX, one_line=True),
    Published({"minLength": 1, "maxLength": REQUESTER_NAME_MAX, "pattern": LINE}),
]
RequesterName = Annotated[
    Annotated[
        str,
        _text("a name", REQUESTER_NAME_MAX, one_line=True),
        Published({"maxLength": REQUESTER_NAME_MAX, "pattern": LINE_OR_BLANK}),
    ]
    | None,
    _blank_is_none(REQUESTER_NAME_MAX, one_line=True),
]
RequesterEmail = Annotated[
    Annotated[
        str,
        _text("an e-mail address", REQUESTER_EMAIL_MAX, one_line=True),
        AfterValidator(_address),
        Published({"maxLength": REQUESTER_EMAIL_MAX, "format": "idn-email"}),
    ]
    | None,
    _blank_is_none(REQUESTER_EMAIL_MAX, one_line=True),
]
