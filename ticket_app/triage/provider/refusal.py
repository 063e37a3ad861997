"""Reads a provider's error: the causes of a refusal and the parameters that it names.

Providers agree on the status and on little else. Codes are the provider's own words. Only the
beginning of a message is read, because the rest may quote the request with the ticket.
"""

import json
import re
from collections.abc import Iterator
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, NamedTuple

MESSAGE_CHARACTERS = 300
DEPTH_MAX = 6
CODE_NAMES = frozenset({"code", "type", "status", "reason", "param", "loc", "error_code"})
WORD_NAMES = frozenset({"message", "msg", "error", "detail", "details", "raw", "reasons"})

QUOTED = frozenset({"input", "ctx", "body", "request", "messages"})
"""Names under which an error quotes the request."""


class Cause(Enum):
    """A cause for which a provider refuses a request."""

    CONTENT = auto()
    LENGTH = auto()
    MONEY = auto()
    KEY = auto()
    MODEL = auto()


class Part(Enum):
    """A part of the request that some models do not accept."""

    FORMAT = auto()
    TEMPERATURE = auto()
    TOKENS = auto()
    EFFORT = auto()


class Refusal(NamedTuple):
    """The codes and the words of an error, in lower case."""

    codes: frozenset[str]
    words: str

    def is_for(self, cause: Cause) -> bool:
        """Returns True if the error names this cause."""
        codes, words = _CAUSES[cause]
        return bool(codes & self.codes) or words.search(self.words) is not None

    def has_code_for(self, cause: Cause) -> bool:
        """Returns True if a code names this cause; words do not count."""
        return bool(_CAUSES[cause][0] & self.codes)

    @property
    def parts(self) -> frozenset[Part]:
        """The parts of the request that the codes name, or if none do, the words."""
        by_code = {part for part, name in _PARTS.items() if any(map(name.search, self.codes))}
        named = by_code or {part for part, name in _PARTS.items() if name.search(self.words)}
        return frozenset(named)


def refusal_in(body: bytes | bytearray) -> Refusal:
    """Returns the codes and words of an error's body, which may be none."""
    text = body.decode("utf-8", "replace")
    try:
        found = list(_leaves(json.loads(text), "message", DEPTH_MAX))
    except (ValueError, RecursionError):
        found = [("message", text)]
    codes = {value.strip().lower() for name, value in found if name in CODE_NAMES}
    words = [value[:MESSAGE_CHARACTERS] for name, value in found if name in WORD_NAMES]
    return Refusal(frozenset(codes), "\n".join(words).lower())


def refusal_in_answer(body: bytes | bytearray) -> tuple[int, bytes] | None:
    """Returns the status and body of the error that an answer of status 200 is, or ends with.

    A gateway in front of several providers sends its status before one of them fails. The status
    is the one that the error names by a number or a code. An error without a known word counts as
    a fault of the provider (500).
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    error = _error_of(answer)
    if not error:
        return None
    error_body = json.dumps({"error": error}).encode()
    refusal = refusal_in(error_body)
    numbers = (int(code) for code in refusal.codes if code.isdecimal() and len(code) == 3)
    status = next((number for number in numbers if number >= HTTPStatus.BAD_REQUEST), None)
    named = (_STATUSES[code] for code in refusal.codes if code in _STATUSES)
    status = status or next(named, None)
    if status is None:
        is_known = refusal.parts or any(map(refusal.is_for, Cause))
        status = HTTPStatus.BAD_REQUEST if is_known else HTTPStatus.INTERNAL_SERVER_ERROR
    return status, error_body


def _error_of(answer: Any) -> Any:
    if not isinstance(answer, dict):
        return None
    if "code" in answer and isinstance(
        answer.get("message"), str
    ):  # some providers have no wrapper
        return answer
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return answer.get("error") or (first.get("error") if isinstance(first, dict) else None)


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yields the texts and numbers of a JSON value, each with the nearest name above it."""
    if isinstance(value, str | int):
        yield name, str(value)
    elif depth and isinstance(value, dict):
        for key, inner in value.items():
            if key not in QUOTED:
                yield from _leaves(inner, key, depth - 1)
    elif depth and isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name, depth - 1)


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_CAUSES: dict[Cause, tuple[frozenset[str], re.Pattern[str]]] = {
    Cause.CONTENT: (
        frozenset(
            {"content_filter", "content_policy_violation", "responsibleaipolicyviolation"}
            | {"data_inspection_failed", "datainspectionfailed", "invalid_prompt", "moderation"}
        ),
        _words(
            r"content (?:management |usage )?(?:policy|policies|filter)",
            r"content exists risk|inappropriate content|unsafe content|sensitive (?:content|words)",
            r"\bflagged\b|requires moderation|safety (?:system|policy|filter)|responsible ai",
            r"considered high risk|violat\w+ .{0,40}\bpolic(?:y|ies)",
        ),
    ),
    Cause.LENGTH: (
        frozenset(
            {"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"}
            | {"request_too_large"}
        ),
        _words(
            r"context[ _-]?(?:length|window|size)|reduce the length",
            r"(?:prompt|input|request|text) (?:is )?too (?:long|large)|too many (?:input )?tokens",
        ),
    ),
    Cause.MONEY: (
        frozenset(
            {"insufficient_quota", "insufficient_balance", "exceeded_current_quota_error"}
            | {"billing_not_active", "billing_hard_limit_reached", "payment_required"}
        ),
        _words(
            r"credit balance|insufficient (?:account )?(?:balance|funds|credits?|quota)",
            r"(?:check|enable|update|activate) .{0,20}billing|billing .{0,20}(?:limit|not active)",
        ),
    ),
    Cause.KEY: (
        frozenset(
            {"invalid_api_key", "api_key_invalid", "authentication_error", "unauthenticated"}
            | {"permission_denied", "permission_error"}
        ),
        _words(r"\bapi[ _-]?key\b|invalid (?:access |bearer )?token|not authenticated"),
    ),
    Cause.MODEL: (
        frozenset({"model_not_found", "invalid_model", "deploymentnotfound"}),
        _words(
            r"(?:unknown|invalid|no such|unsupported) (?:model|deployment)",
            r"(?:model|deployment)\b.{0,60}(?:not found|not exist|not available|is not a valid)",
        ),
    ),
}
_STATUSES: dict[str, int] = {
    "invalid_api_key": HTTPStatus.UNAUTHORIZED,
    "authentication_error": HTTPStatus.UNAUTHORIZED,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "permission_error": HTTPStatus.FORBIDDEN,
    "permission_denied": HTTPStatus.FORBIDDEN,
    "insufficient_quota": HTTPStatus.PAYMENT_REQUIRED,
    "rate_limit_error": HTTPStatus.TOO_MANY_REQUESTS,
    "rate_limit_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "resource_exhausted": HTTPStatus.TOO_MANY_REQUESTS,
    "overloaded_error": HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "api_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "server_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status that belongs to a code, in an error without a status."""
_PARTS = {
    Part.FORMAT: _words(
        r"response_?(?:format|schema|mime)|json[ _](?:schema|object|mode)|structured output",
        r"output_(?:format|config)|\bguided|\bgrammar\b|\btool_choice\b|\btools\b|request\.format",
    ),
    Part.TEMPERATURE: _words("temperature"),
    Part.TOKENS: _words("max_?(?:completion_?|output_?)?tokens|num_predict|in the completion"),
    Part.EFFORT: _words("reasoning_?effort|thinking|\bthink\b"),
}
