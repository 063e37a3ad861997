"""Why a configured provider gave no usable answer, in one stable word."""

from collections.abc import Iterator
from http import HTTPStatus
from json import JSONDecodeError

from ticket_app.triage.wire import Wire
from ticket_app.vocabulary import CallOutcome


class ProviderError(Exception):
    """The provider did not answer, or its answer breaks the contract.

    Its text is the reason alone: never the key, the ticket or what the provider wrote.
    `retry_after` are the seconds that the provider asked to be left alone, if it did.
    """

    def __init__(self, reason: CallOutcome, retry_after: float | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.retry_after = retry_after


_BY_STATUS: dict[int, CallOutcome] = {
    HTTPStatus.UNAUTHORIZED: CallOutcome.AUTH,
    HTTPStatus.FORBIDDEN: CallOutcome.AUTH,
    HTTPStatus.REQUEST_TIMEOUT: CallOutcome.TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS: CallOutcome.RATE_LIMITED,
}
_CAUSES_MAX = 10


def failure_of(error: BaseException, wire: Wire) -> ProviderError:
    """The failure behind what LiteLLM raised.

    What came over the wire decides. LiteLLM files one and the same fault under another class for
    each provider; its classes are asked only for what a status cannot say.
    """
    return ProviderError(_reason_of(error, wire), wire.retry_after)


def _reason_of(error: BaseException, wire: Wire) -> CallOutcome:
    if any(cls.__name__ == "ContentPolicyViolationError" for cls in type(error).__mro__):
        return CallOutcome.REFUSED
    if wire.status is not None and wire.status >= HTTPStatus.MULTIPLE_CHOICES:
        return _of_status(wire.status)
    if wire.too_large:
        return CallOutcome.TOO_LARGE
    return _by_cause(error) or (
        CallOutcome.UNEXPECTED if wire.status is None else CallOutcome.INVALID_ANSWER
    )


def _of_status(status: int) -> CallOutcome:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CallOutcome.SERVER_ERROR
    return _BY_STATUS.get(status, CallOutcome.BAD_REQUEST)


def _by_cause(error: BaseException) -> CallOutcome | None:
    causes = list(_causes(error))
    if any(isinstance(cause, (JSONDecodeError, UnicodeDecodeError)) for cause in causes):
        return CallOutcome.INVALID_ANSWER
    names = {cls.__name__ for cause in causes for cls in type(cause).__mro__}
    if any(isinstance(cause, TimeoutError) for cause in causes) or "TimeoutException" in names:
        return CallOutcome.TIMEOUT
    if any(isinstance(cause, OSError) for cause in causes) or "TransportError" in names:
        return CallOutcome.UNREACHABLE
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    for _ in range(_CAUSES_MAX):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__
