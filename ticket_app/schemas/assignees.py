"""The people of a ticket as input: a person's number, a word, or an address."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from ticket_app.texts import PersonKey
from ticket_app.vocabulary import ID_MAX

ASSIGNEE = "assignee_id"
"""The column of a ticket, and the field of a change and of its event."""
PARTICIPANT = "participant"
"""The field of the event of a person who is copied on a ticket, or taken off it."""
ME = "me"
"""The person who acts. At an open desk that is its built-in agent."""
NONE = "none"
"""Nobody, in a filter."""
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_NUMBERS = {"type": "integer", "minimum": 1, "maximum": ID_MAX}
_WORDS = {"type": "string", "pattern": f"^({ME}|[1-9][0-9]{{0,18}})?$"}


def _number_of(value: Any) -> int | None:
    """Returns the number of a person, also of one written as text; None for anything else."""
    written = isinstance(value, str) and _NUMBER.fullmatch(value)
    if written or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 1 <= value <= ID_MAX else None


def _assignee(value: Any) -> int | str | None:
    if value in (None, ""):
        return None
    found = ME if value == ME else _number_of(value)
    if found is None:
        raise PydanticCustomError("assignee", "Write the number of a person, `me`, or null.")
    return found


Assignee = Annotated[
    int | str | None,
    BeforeValidator(_assignee),
    WithJsonSchema({"anyOf": [_NUMBERS, _WORDS, {"type": "null"}]}),
]
"""A new assignee: a number, ME, or None for nobody. A page sends an empty text for None."""


_WANTED = re.compile(rf"{ME}|{NONE}|[1-9][0-9]{{0,17}}")


def _wanted_assignee(value: Any) -> int | str:
    if isinstance(value, str) and _WANTED.fullmatch(value):
        return value if value in (ME, NONE) else int(value)
    # 0 is the number of no person. Services set it where ME is nobody.
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= ID_MAX:
        raise PydanticCustomError("assignee", "Write the number of a person, `me`, or `none`.")
    return int(value)


WantedAssignee = Annotated[
    int | str,
    BeforeValidator(_wanted_assignee),
    WithJsonSchema({"type": "string", "pattern": f"^({_WANTED.pattern})$"}),
]
"""An assignee in a URL: a number, ME or NONE."""


def _number_or_text(value: Any) -> int | str:
    number = _number_of(value)
    if number is None and not isinstance(value, str):
        raise PydanticCustomError("person", "Write the number of a person, or an e-mail address.")
    return value if number is None else number


PersonOfBody = Annotated[PersonKey, BeforeValidator(_number_or_text)]
"""A person in a JSON body: the number, or the address of an e-mail."""
