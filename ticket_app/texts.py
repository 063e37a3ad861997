"""What a text of a person must be: it can be stored, shows something, and has a longest length.

The types here publish the same rules in the OpenAPI document, as far as a schema can state them.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from ticket_app.addresses import composed, is_address
from ticket_app.patterns import ANY_TEXT, LINE, LINE_OR_BLANK, TEXT
from ticket_app.vocabulary import (
    BLANKS,
    DESCRIPTION_MAX,
    INVISIBLE,
    LINE_ENDS,
    NONCHARACTERS,
    REQUESTER_EMAIL_MAX,
    REQUESTER_NAME_MAX,
    SEARCH_MAX,
    TITLE_MAX,
    Ranges,
)


def _of(ranges: Ranges) -> str:
    """These code points for the brackets of a regular expression."""
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_SHOWN = re.compile(f"[^{_of(INVISIBLE + NONCHARACTERS)}]")
_NOT_IN_LINE = re.compile(f"[{_of(LINE_ENDS)}]")


def shows_something(text: str) -> bool:
    """Whether any character of the text can be seen."""
    return _SHOWN.search(text) is not None


@dataclass(frozen=True, eq=False)
class Published:
    """What a field's JSON schema says besides its type."""

    rules: dict[str, Any]

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema with these rules."""
        return handler(core) | self.rules


def _text(noun: str, longest: int, *, one_line: bool = False) -> Any:
    """A validator for a text that shows something, can be stored, and has `longest` at most.

    One of one line is kept without the blanks around it, and has no control characters in it.
    """

    def check(value: str) -> str:
        kept = value.strip(BLANKS) if one_line else value
        if not is_storable(value) or (one_line and _NOT_IN_LINE.search(kept)):
            raise PydanticCustomError("not_text", _REMOVE_LINE_ENDS if one_line else _REMOVE)
        if not shows_something(kept):
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
    """Neither a NUL, which PostgreSQL refuses, nor half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _blank_is_none(longest: int, *, one_line: bool) -> Any:
    """Clears an optional text that shows nothing; what breaks another rule is left to the rule."""

    def clear(value: Any) -> Any:
        if not isinstance(value, str) or len(value) > longest or shows_something(value):
            return value
        within = value.strip(BLANKS) if one_line else value
        wrong = not is_storable(value) or (one_line and _NOT_IN_LINE.search(within))
        return value if wrong else None

    return BeforeValidator(clear)


def _address(value: str) -> str:
    if not is_address(value):
        raise PydanticCustomError("email", "Write an e-mail address such as ana@example.com.")
    return composed(value)


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
Search = Annotated[
    Annotated[
        str,
        _text("what to search for", SEARCH_MAX),
        Published({"maxLength": SEARCH_MAX, "pattern": ANY_TEXT}),
    ]
    | None,
    _blank_is_none(SEARCH_MAX, one_line=False),
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
