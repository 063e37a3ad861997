"""Every error that a person can cause or must act on: a status, a stable code, a sentence."""

from http import HTTPStatus
from typing import ClassVar, NamedTuple


class FieldProblem(NamedTuple):
    """One thing wrong with one field of an input; `field` is a dotted path such as `title`."""

    field: str
    message: str


class TicketAppError(Exception):
    """Base of the desk's own errors. `detail` says what to do, in one sentence for a person."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal_error"
    retry_after_seconds: ClassVar[int | None] = None
    """For a client: when to try again, if that may help."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ConfigurationError(TicketAppError):
    """A setting is missing or wrong; `detail` names the variable, the problem and an example."""

    code = "configuration_error"


class TicketNotFoundError(TicketAppError):
    """No ticket with this id exists, or it was deleted."""

    status = HTTPStatus.NOT_FOUND
    code = "ticket_not_found"

    def __init__(self, ticket_id: int) -> None:
        super().__init__(f"There is no ticket {ticket_id}. It may have been deleted.")


class TicketChangedError(TicketAppError):
    """The ticket is no longer what it was when the person saw it; nothing was changed."""

    status = HTTPStatus.CONFLICT
    code = "ticket_changed"

    def __init__(self, ticket_id: int) -> None:
        super().__init__(
            f"Ticket {ticket_id} was changed by someone else meanwhile, so your change was not "
            "saved. Look at the ticket as it is now, then try again."
        )


class InvalidInputError(TicketAppError):
    """The input breaks a rule; `problems` names each field and what is wrong with it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "validation_failed"

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = problems


class IdempotencyKeyReusedError(TicketAppError):
    """The idempotency key has filed a ticket of other values; `ticket_id` is that ticket."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency_key_reused"

    def __init__(self, ticket_id: int) -> None:
        super().__init__(
            f"This Idempotency-Key was used for ticket {ticket_id}, with another body. "
            "Send the first body again, or a new key for a new ticket."
        )
        self.ticket_id = ticket_id


class DatabaseUnavailableError(TicketAppError):
    """The database did not answer in time, or cannot do what it was asked; `detail` says why, where
    that is known. Nothing was changed as far as was answered."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "database_unavailable"
    retry_after_seconds = 5

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(
            detail
            or f"The database is not answering. Try again in {self.retry_after_seconds} seconds."
        )


class BusyError(TicketAppError):
    """Too much is waiting already; nothing was changed, and trying again is safe."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "busy"
    retry_after_seconds = 5

    def __init__(self) -> None:
        super().__init__(f"The desk is busy. Try again in {self.retry_after_seconds} seconds.")
