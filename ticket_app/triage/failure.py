"""Why a configured provider gave no usable answer, in one stable word."""

from collections.abc import Iterator
from http import HTTPStatus
from json import JSONDecodeError

from ticket_app.settings import ProviderChoice
from ticket_app.triage.refusal import Cause, Part, Refusal, refusal_in, refusal_in_answer
from ticket_app.triage.shapes import Shape, shapes
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


class ShapeError(ProviderError):
    """The provider refuses the request's shape, or may do so; `simpler` is what to try instead."""

    def __init__(self, reason: CallOutcome, simpler: Shape) -> None:
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
"""For the request's shape, for its text, and at some providers for the account."""
_CAUSES_MAX = 10


def heed_refusal(wire: Wire) -> bool:
    """Take an error that came with status 200 for what it would be with its own."""
    is_fine = wire.status is not None and wire.status < HTTPStatus.MULTIPLE_CHOICES
    found = refusal_in_answer(wire.answer) if is_fine else None
    if found is None:
        return False
    wire.status, said = found
    wire.error[:] = said
    return True


def failure_of(error: BaseException, wire: Wire) -> ProviderError:
    """The failure behind what LiteLLM raised.

    What came over the wire decides. LiteLLM files one and the same fault under another class for
    each provider; its classes are asked only for what a status cannot say.
    """
    return ProviderError(_reason_of(error, wire), wire.retry_after)


def refused_shape(
    failure: ProviderError, wire: Wire, choice: ProviderChoice, shape: Shape
) -> ProviderError:
    """The failure as it is, or a ShapeError where a simpler question may be answered.

    A refusal that names nothing that we know is about the text, of a model that took others.
    """
    refusal, is_too_long = refusal_in(wire.error), failure.reason is CallOutcome.TOO_LONG
    if failure.reason is not CallOutcome.BAD_REQUEST and not is_too_long:
        return failure
    if wire.status not in (*_MANY_MEANINGS, HTTPStatus.NOT_IMPLEMENTED):
        return failure
    parts = refusal.parts
    if is_too_long:  # the room for the answer is part of what was too long
        simpler = shape._replace(tokens=None) if Part.TOKENS in parts else shape
    elif parts:
        simpler = shape.without(parts)
    elif refusal.is_for(Cause.MODEL):
        simpler = shape
    elif shapes.refuses_the_text(choice):
        return ProviderError(CallOutcome.REFUSED)
    else:
        simpler = shape.without(frozenset({Part.FORMAT})) if shapes.is_new(choice) else shape
    return failure if simpler == shape else ShapeError(failure.reason, simpler)


def _reason_of(error: BaseException, wire: Wire) -> CallOutcome:
    if wire.status is not None and wire.status >= HTTPStatus.MULTIPLE_CHOICES:
        is_content = any(
            cls.__name__ == "ContentPolicyViolationError" for cls in type(error).__mro__
        )
        return _of_status(wire.status, refusal_in(wire.error), is_content=is_content)
    if wire.too_large:
        return CallOutcome.TOO_LARGE
    return _by_cause(error) or (
        CallOutcome.UNEXPECTED if wire.status is None else CallOutcome.INVALID_ANSWER
    )


def _of_status(status: int, refusal: Refusal, *, is_content: bool) -> CallOutcome:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CallOutcome.SERVER_ERROR
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # Words about a quota may mean that of this minute.
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
