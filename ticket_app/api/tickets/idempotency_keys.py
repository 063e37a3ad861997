"""The header Idempotency-Key: its validation and its OpenAPI parameter."""

import re
from typing import Any

from fastapi import Request

from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.vocabulary import IDEMPOTENCY_KEY_MAX

NAME = "Idempotency-Key"
PATTERN = "^[!-~]+$"
_KEY = re.compile(f"[!-~]{{1,{IDEMPOTENCY_KEY_MAX}}}")

PARAMETER: dict[str, Any] = {
    "name": NAME,
    "in": "header",
    "required": False,
    "description": "A name of your own for this request, such as a UUID, in visible ASCII. For 24 "
    "hours a request with the same key and the same values files no second ticket. It is "
    "answered as the first was; while that one is under way, it waits.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": IDEMPOTENCY_KEY_MAX,
        "pattern": PATTERN,
    },
}


def idempotency_key(request: Request) -> str | None:
    """Return the key of a request, or None without one. InvalidInputError for a malformed key.

    FastAPI does not parse it: a declared parameter would cost each request without a key 19
    microseconds.
    """
    key = request.headers.get(NAME)
    if key is None or _KEY.fullmatch(key):
        return key
    sentence = f"Use 1 to {IDEMPOTENCY_KEY_MAX} visible ASCII characters, such as a UUID."
    raise InvalidInputError([FieldProblem(NAME, sentence)])
