"""Why a configured provider gave no usable answer, in one stable word."""

from collections.abc import Iterator
from json import JSONDecodeError
from typing import Literal

FailureReason = Literal[
    "timeout",
    "auth",
    "rate_limited",
    "unreachable",
    "invalid_answer",
    "refused",
    "bad_request",
    "server_error",
    "busy",
    "unexpected",
]


class ProviderError(Exception):
    """The provider did not answer, or its answer breaks the contract.

    Its text is the reason alone: never the key, the ticket or what the provider wrote.
    """

    def __init__(self, reason: FailureReason) -> None:
        super().__init__(reason)
        self.reason: FailureReason = reason


# By the names of LiteLLM's classes, so that nothing but provider.py imports it. First match wins.
_PLAIN: dict[str, FailureReason] = {
    "Timeout": "timeout",
    "AuthenticationError": "auth",
    "PermissionDeniedError": "auth",
    "RateLimitError": "rate_limited",
    "ContentPolicyViolationError": "refused",
}
_MIXED: dict[str, FailureReason] = {
    "APIResponseValidationError": "invalid_answer",
    "BadRequestError": "bad_request",
    "NotFoundError": "bad_request",
    "UnprocessableEntityError": "bad_request",
    "InternalServerError": "server_error",
    "ServiceUnavailableError": "server_error",
    "BadGatewayError": "server_error",
    "APIConnectionError": "unreachable",
    "APIError": "server_error",
}
_CAUSES_MAX = 10


def reason_of(error: BaseException) -> FailureReason:
    """The word for an exception of LiteLLM's client, or of what it raises it from."""
    return _by_class(error, _PLAIN) or _by_cause(error) or _by_class(error, _MIXED) or "unexpected"


def _by_class(error: BaseException, reasons: dict[str, FailureReason]) -> FailureReason | None:
    classes = {parent.__name__ for parent in type(error).__mro__}
    return next((reason for name, reason in reasons.items() if name in classes), None)


def _by_cause(error: BaseException) -> FailureReason | None:
    """LiteLLM files these under another class for each provider; their causes are plain."""
    causes = list(_causes(error))
    if any(isinstance(cause, JSONDecodeError) for cause in causes):
        return "invalid_answer"
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return "timeout"
    if any(isinstance(cause, OSError) for cause in causes):
        return "unreachable"
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    for _ in range(_CAUSES_MAX):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__
