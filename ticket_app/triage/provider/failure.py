"""Classifies the failure of a call to a provider as a CallOutcome."""

from collections.abc import Iterator
from http import HTTPStatus
from json import JSONDecodeError

from ticket_app.triage.provider.capabilities import Asked, RequestShape, model_capabilities
from ticket_app.triage.provider.refusal import Cause, Part, Refusal, refusal_in, refusal_in_answer
from ticket_app.triage.provider.transport import HttpTrace
from ticket_app.vocabulary import CallOutcome


class ProviderError(Exception):
    """The provider did not answer, or its answer breaks the contract.

    The text is the reason alone, and never has the key, the ticket or the provider's words.
    `retry_after` is the provider's Retry-After in seconds, or None.
    """

    def __init__(self, reason: CallOutcome, retry_after: float | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.retry_after = retry_after


class ShapeError(ProviderError):
    """The provider refuses the request's shape, or may do so; `simpler` is the shape to try."""

    def __init__(self, reason: CallOutcome, simpler: RequestShape) -> None:
        super().__init__(reason)
        self.simpler = simpler


_BY_STATUS: dict[int, CallOutcome] = {
    HTTPStatus.UNAUTHORIZED: CallOutcome.AUTH,
    HTTPStatus.PAYMENT_REQUIRED: CallOutcome.QUOTA,
    HTTPStatus.REQUEST_TIMEOUT: CallOutcome.TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: CallOutcome.TOO_LONG,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: CallOutcome.REFUSED,
    HTTPStatus.NOT_IMPLEMENTED: CallOutcome.BAD_REQUEST,
}
_BY_CAUSE: dict[Cause, CallOutcome] = {
    Cause.CONTENT: CallOutcome.REFUSED,
    Cause.LENGTH: CallOutcome.TOO_LONG,
    Cause.MONEY: CallOutcome.QUOTA,
    Cause.KEY: CallOutcome.AUTH,
}
_MANY_MEANINGS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Statuses that refuse a request's shape or its text, and at some providers the account."""
_CAUSES_MAX = 10


def unwrap_error_in_success(trace: HttpTrace) -> bool:
    """Replaces a 2xx status in the trace by that of the error in its body.

    Returns False, and changes nothing, if the body holds no error.
    """
    is_fine = trace.status is not None and trace.status < HTTPStatus.MULTIPLE_CHOICES
    found = refusal_in_answer(trace.answer) if is_fine else None
    if found is None:
        return False
    trace.status, body = found
    trace.error[:] = body
    return True


def failure_of(error: BaseException, trace: HttpTrace) -> ProviderError:
    """Returns the failure behind an exception of LiteLLM.

    The HTTP response decides. LiteLLM raises another class for the same fault of each provider,
    so its classes count only where the status says too little.
    """
    return ProviderError(_reason_of(error, trace), trace.retry_after)


def with_simpler_shape(
    failure: ProviderError, trace: HttpTrace, asked: Asked, shape: RequestShape
) -> ProviderError:
    """Returns the failure, or a ShapeError if the provider may answer a request of simpler shape.

    A refusal without a known word concerns the text, if the model has answered other texts.
    """
    refusal, is_too_long = refusal_in(trace.error), failure.reason is CallOutcome.TOO_LONG
    if failure.reason is not CallOutcome.BAD_REQUEST and not is_too_long:
        return failure
    if trace.status not in (*_MANY_MEANINGS, HTTPStatus.NOT_IMPLEMENTED):
        return failure
    parts = refusal.parts
    if is_too_long:  # the tokens reserved for the answer count towards the length
        simpler = shape._replace(tokens=None) if Part.TOKENS in parts else shape
    elif parts:
        simpler = shape.without(parts)
    elif refusal.is_for(Cause.MODEL):
        simpler = shape
    elif model_capabilities.record_unexplained_refusal(asked):
        return ProviderError(CallOutcome.REFUSED)
    else:
        is_unknown = model_capabilities.is_unknown(asked)
        simpler = shape.without(frozenset({Part.FORMAT})) if is_unknown else shape
    return failure if simpler == shape else ShapeError(failure.reason, simpler)


def _reason_of(error: BaseException, trace: HttpTrace) -> CallOutcome:
    if trace.status is not None and trace.status >= HTTPStatus.MULTIPLE_CHOICES:
        is_content = any(
            cls.__name__ == "ContentPolicyViolationError" for cls in type(error).__mro__
        )
        return _of_status(trace.status, refusal_in(trace.error), is_content=is_content)
    if trace.too_large:
        return CallOutcome.TOO_LARGE
    return _by_cause(error) or (
        CallOutcome.UNEXPECTED if trace.status is None else CallOutcome.INVALID_ANSWER
    )


def _of_status(status: int, refusal: Refusal, *, is_content: bool) -> CallOutcome:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CallOutcome.SERVER_ERROR
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # A message about a quota may mean the quota of this minute.
        spent = refusal.has_code_for(Cause.MONEY)
        return CallOutcome.QUOTA if spent else CallOutcome.RATE_LIMITED
    if is_content:
        return CallOutcome.REFUSED
    causes: tuple[Cause, ...] = tuple(_BY_CAUSE) if status in _MANY_MEANINGS else ()
    otherwise = CallOutcome.BAD_REQUEST
    if status == HTTPStatus.FORBIDDEN:
        causes, otherwise = (Cause.CONTENT, Cause.MONEY), CallOutcome.AUTH
    return next((_BY_CAUSE[cause] for cause in causes if refusal.is_for(cause)), otherwise)


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
