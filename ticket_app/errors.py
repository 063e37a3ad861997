"""Errors that a person can cause or must act on: each has a status, a stable code, a sentence."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ticket_app.vocabulary import NOT_ASKED, CallOutcome, Who

if TYPE_CHECKING:  # the schemas raise these errors
    from ticket_app.schemas.conversation import MessagePublic


class FieldProblem(NamedTuple):
    """One thing wrong with one field of an input; `field` is a dotted path such as `title`."""

    field: str
    message: str


class TicketAppError(Exception):
    """Base of the desk's own errors. `detail` tells a person in one sentence what to do."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "internal_error"
    retry_after_seconds: ClassVar[int | None] = None
    """Seconds after which a client may retry; None if a retry does not help."""

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


class FieldChange(NamedTuple):
    """The last change of a field by somebody else: `value` is the present one, as text or None.

    `by` is the name of who made it, if that is known.
    """

    field: str
    value: str | None
    who: Who
    by: str | None
    at: datetime
    version: int


class TicketChangedError(TicketAppError):
    """A field is not as the person saw it (optimistic lock). Nothing was changed.

    `theirs` is what came between; None if too much did.
    """

    status = HTTPStatus.CONFLICT
    code = "ticket_changed"

    def __init__(self, ticket_id: int, theirs: FieldChange | None = None) -> None:
        self.theirs = theirs
        super().__init__(
            f"Ticket {ticket_id} was changed by someone else meanwhile, so your change was not "
            "saved. Look at the ticket as it is now, then try again."
        )


class TicketPreconditionError(TicketAppError):
    """The ticket has none of the entity tags that the request named. Nothing was changed.

    `current` is the ticket as its actor sees it, as JSON values, and `entity_tag` its tag.
    """

    status = HTTPStatus.PRECONDITION_FAILED
    code = "precondition_failed"

    def __init__(self, current: dict[str, Any], entity_tag: str) -> None:
        super().__init__(
            f"Ticket {current['id']} is not as the If-Match header says, so nothing was changed. "
            "Look at `ticket`, then try again with the tag of the ETag header."
        )
        self.current, self.entity_tag = current, entity_tag


class NewerMessagesError(TicketAppError):
    """Others have written to the ticket since its page was drawn. Nothing was sent.

    `messages` are the newest of theirs, oldest first.
    """

    status = HTTPStatus.CONFLICT
    code = "newer_messages"

    def __init__(self, messages: "Sequence[MessagePublic]") -> None:
        super().__init__("Not sent yet: there is a newer message.")
        self.messages = messages


class AttachmentNotFoundError(TicketAppError):
    """The ticket has no attachment with this id that the actor may see, or none to delete."""

    status = HTTPStatus.NOT_FOUND
    code = "attachment_not_found"

    def __init__(self, attachment_id: int) -> None:
        super().__init__(f"There is no attachment {attachment_id} here. It may have been deleted.")


class AttachmentTooLargeError(TicketAppError):
    """The file has more bytes than an attachment may have. Nothing was kept."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "attachment_too_large"

    def __init__(self, mebibytes: int) -> None:
        super().__init__(f"The file is larger than {mebibytes} MiB. Send a smaller one.")


class AttachmentTypeError(TicketAppError):
    """The file is a program, by its content or by its name. Nothing was kept."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "attachment_is_program"

    def __init__(self) -> None:
        super().__init__(
            "The file is a program, and this desk takes none. If it has to be sent, pack it into a "
            "ZIP archive first."
        )


class TooManyAttachmentsError(TicketAppError):
    """Too many files of the actor wait to be sent. Nothing was kept."""

    status = HTTPStatus.CONFLICT
    code = "too_many_attachments"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most} of your files wait to be sent, and more are not kept. Send or delete some "
            "first."
        )


class TooManyDraftsError(TicketAppError):
    """The actor has too many drafts. Another one is not saved."""

    status = HTTPStatus.CONFLICT
    code = "too_many_drafts"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"You have {most} texts that are not sent, and more are not saved. Send or empty some "
            "first."
        )


class AttachmentLostError(TicketAppError):
    """The content of an attachment is missing in the folder of the server."""

    status = HTTPStatus.GONE
    code = "attachment_lost"

    def __init__(self, attachment_id: int) -> None:
        super().__init__(
            f"The file of attachment {attachment_id} is missing on the server. Its operator can "
            "bring it back from a backup of the folder of attachments."
        )


class StorageFullError(TicketAppError):
    """The disk of the attachments has no room for another file. Nothing was kept."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    code = "storage_full"

    def __init__(self) -> None:
        super().__init__(
            "The disk of the desk has no room for another file. Send the message without it, and "
            "tell the operator of the desk."
        )


class StorageUnavailableError(TicketAppError):
    """The folder of the attachments cannot be used; the log of the server says why."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "storage_unavailable"
    retry_after_seconds = 30

    def __init__(self) -> None:
        super().__init__(
            "The folder of the attachments cannot be used now. Try again in 30 seconds; the log of "
            "the server says why."
        )


class InvalidInputError(TicketAppError):
    """The input breaks a rule; `problems` names each field and what is wrong with it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "validation_failed"

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = problems


class IdempotencyKeyReusedError(TicketAppError):
    """The idempotency key has filed a ticket with other values; `ticket_id` is that ticket."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency_key_reused"

    def __init__(self, ticket_id: int) -> None:
        super().__init__(
            f"This Idempotency-Key was used for ticket {ticket_id}, with another body. "
            "Send the first body again, or a new key for a new ticket."
        )
        self.ticket_id = ticket_id


class DatabaseUnavailableError(TicketAppError):
    """The database did not answer in time or cannot run the statement; `detail` says why if that is
    known. As far as the desk knows, nothing was changed."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "database_unavailable"
    retry_after_seconds = 5

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(
            detail
            or f"The database is not answering. Try again in {self.retry_after_seconds} seconds."
        )


class BusyError(TicketAppError):
    """Too many requests are waiting. Nothing was changed, so a retry is safe."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "busy"
    retry_after_seconds = 5

    def __init__(self) -> None:
        super().__init__(f"The desk is busy. Try again in {self.retry_after_seconds} seconds.")


class SignInRequiredError(TicketAppError):
    """The desk has accounts, and nobody has signed in."""

    status = HTTPStatus.UNAUTHORIZED
    code = "sign_in_required"

    def __init__(self) -> None:
        super().__init__("Sign in first.")


class NotAllowedError(TicketAppError):
    """The actor's role does not allow this."""

    status = HTTPStatus.FORBIDDEN
    code = "not_allowed"

    def __init__(self, *, by_token: bool = False) -> None:
        super().__init__(
            "This token may not do this: its scope, or the role of its owner, does not allow it."
            if by_token
            else "Your account may not do this. Ask an administrator of the desk."
        )


class TokenNotValidError(TicketAppError):
    """The API token of a request is unknown, revoked or expired, or its owner is not active."""

    status = HTTPStatus.UNAUTHORIZED
    code = "token_not_valid"

    def __init__(self) -> None:
        super().__init__("The API token has expired, was revoked, or is none of this desk.")


class TokenNotFoundError(TicketAppError):
    """The actor has no API token with this id."""

    status = HTTPStatus.NOT_FOUND
    code = "token_not_found"

    def __init__(self, token_id: int) -> None:
        super().__init__(f"There is no token {token_id} here. It may have been revoked.")


class TooManyTokensError(TicketAppError):
    """The person has as many API tokens as one may have. None was made."""

    status = HTTPStatus.CONFLICT
    code = "too_many_tokens"

    def __init__(self, most: int) -> None:
        super().__init__(f"A person has at most {most} tokens. Revoke one first.")


class PersonNotFoundError(TicketAppError):
    """No person with this id or address is known."""

    status = HTTPStatus.NOT_FOUND
    code = "person_not_found"

    def __init__(self, who: int | str) -> None:
        super().__init__(f"There is no person {who}.")


class PersonInactiveError(TicketAppError):
    """The person was deactivated, so a link would not let them in. Nothing was changed."""

    status = HTTPStatus.CONFLICT
    code = "person_inactive"

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} is not active, so a link would not let them in. Activate them first."
        )


class PersonHasAccountError(TicketAppError):
    """The data of someone who works here, or can sign in, is not erased. Nothing was changed."""

    status = HTTPStatus.CONFLICT
    code = "person_has_account"

    def __init__(self, who: str, role: str) -> None:
        super().__init__(
            f"{who} has an account, with the role {role}. First lower the role to requester, and "
            f"deactivate: python -m ticket_app people role {who} requester; "
            f"python -m ticket_app people deactivate {who}"
        )


class LastAdministratorError(TicketAppError):
    """The change would leave the desk without an administrator. Nothing was changed."""

    status = HTTPStatus.CONFLICT
    code = "last_administrator"

    def __init__(self) -> None:
        super().__init__(
            "This is the last active administrator with a password. Make another person one first."
        )


class NoAccountsError(TicketAppError):
    """The desk has no account yet, so nobody could be invited to one."""

    status = HTTPStatus.CONFLICT
    code = "no_accounts"

    def __init__(self) -> None:
        super().__init__(
            "The desk has no account yet. Create the first administrator: make admin EMAIL=..."
        )


class AccountLinkError(TicketAppError):
    """The link is unknown, used or too old."""

    status = HTTPStatus.GONE
    code = "link_ended"

    def __init__(self) -> None:
        super().__init__(
            "This link has ended: each works once, and for a limited time. Ask an administrator "
            "of the desk for a new one."
        )


class WrongCredentialsError(TicketAppError):
    """The address is unknown, the password is wrong, or the person is not active."""

    status = HTTPStatus.UNAUTHORIZED
    code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("The address or the password is wrong.")


class WrongCodeError(TicketAppError):
    """The code of a second factor is wrong, too old, or was used before."""

    status = HTTPStatus.UNAUTHORIZED
    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(
            "This code is wrong, has expired, or was used already. Wait for the next one of your "
            "app, then type that."
        )


class SignInStepError(TicketAppError):
    """The sign-in that waited for a code has ended."""

    status = HTTPStatus.GONE
    code = "sign_in_ended"

    def __init__(self) -> None:
        super().__init__(
            "This sign-in has ended: it takes five minutes at most, and five wrong codes. Sign in "
            "again."
        )


class SecondFactorRequiredError(TicketAppError):
    """The actor's role needs a second factor, and the actor has none yet."""

    status = HTTPStatus.FORBIDDEN
    code = "second_factor_required"

    def __init__(self) -> None:
        super().__init__("Your role needs a second factor. Set one up first, at /second-factor.")


class SecondFactorError(TicketAppError):
    """The second factor is not in the state for this. Nothing was changed."""

    status = HTTPStatus.CONFLICT
    code = "second_factor"


class SignOnProblem(StrEnum):
    """Why a sign-in by a provider of OpenID Connect did not succeed."""

    DENIED = "denied"
    STALE = "stale"
    AWAY = "away"
    CROWDED = "crowded"
    NOT_BELIEVED = "not_believed"
    UNVERIFIED = "unverified"
    OTHER_SUBJECT = "other_subject"
    REFUSED = "refused"


class SingleSignOnError(TicketAppError):
    """A sign-in by a provider of OpenID Connect did not succeed. The page has the sentence of the
    reason. `person_id` is whose account it concerns, if that is known; for the audit alone."""

    status = HTTPStatus.FORBIDDEN
    code = "single_sign_on_failed"

    def __init__(self, reason: SignOnProblem, person_id: int | None = None) -> None:
        super().__init__(f"The single sign-on did not succeed: {reason.value}.")
        self.reason, self.person_id = reason, person_id
        self.code = f"single_sign_on_{reason.value}"  # type: ignore[misc]


class TooManyAttemptsError(TicketAppError):
    """Too many sign-ins have failed. Nothing was tried."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_attempts"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many sign-ins have failed. Try again in {seconds} seconds.")
        self.retry_after_seconds = seconds  # type: ignore[misc]


class TooManyRequestsError(TicketAppError):
    """Someone has sent too much: without a sign-in, of their own account, or to the provider.
    Nothing was done."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"

    def __init__(self, seconds: float) -> None:
        minutes = max(1, ceil(seconds / 60))
        when = f"{minutes} minutes" if minutes > 1 else "a minute"
        super().__init__(f"Too much was sent lately. Try again in {when}.")
        self.retry_after_seconds = ceil(seconds)  # type: ignore[misc]


class NoProviderError(TicketAppError):
    """The desk has no AI provider, and nothing else writes a draft."""

    status = HTTPStatus.CONFLICT
    code = "no_provider"

    def __init__(self) -> None:
        super().__init__(
            "This desk has no AI provider, so it drafts no replies. Its operator can set "
            "AI_PROVIDER; see docs/configuration.md."
        )


class DraftFailedError(TicketAppError):
    """The provider wrote no draft, for this reason. Nothing was changed."""

    code = "draft_failed"

    def __init__(self, reason: CallOutcome) -> None:
        why = _WHY_NO_DRAFT.get(reason, "the AI provider did not answer as it should")
        super().__init__(f"No reply was drafted: {why}. Write it yourself, or try again later.")
        self.reason = reason
        status = HTTPStatus.BAD_GATEWAY
        if reason is CallOutcome.TIMEOUT:
            status = HTTPStatus.GATEWAY_TIMEOUT
        elif reason in NOT_ASKED:
            status = HTTPStatus.SERVICE_UNAVAILABLE
        self.status = status  # type: ignore[misc]
        self.code = f"draft_{reason.value}"  # type: ignore[misc]


_WHY_NO_DRAFT = {
    CallOutcome.TIMEOUT: "the AI provider did not answer in time",
    CallOutcome.AUTH: "the AI provider refused the desk's key",
    CallOutcome.QUOTA: "the account at the AI provider is used up",
    CallOutcome.RATE_LIMITED: "the AI provider has too many requests",
    CallOutcome.UNREACHABLE: "the AI provider cannot be reached",
    CallOutcome.REFUSED: "the AI provider refused the text",
    CallOutcome.TOO_LONG: "the conversation is too long for the model",
    CallOutcome.TOO_LARGE: "the answer was longer than a message may be",
    CallOutcome.BUSY: "too many calls to the AI provider are under way",
    CallOutcome.CIRCUIT_OPEN: "calls to the AI provider pause after failures",
    CallOutcome.OVER_BUDGET: "today's budget for the AI provider is spent",
    CallOutcome.NO_PRICE: "a budget is set and the price of the model is not known",
    CallOutcome.LEDGER_UNAVAILABLE: "what was spent today cannot be read",
}


class DraftOutdatedError(TicketAppError):
    """What a draft was made from was erased or deleted while the provider wrote it."""

    status = HTTPStatus.CONFLICT
    code = "draft_outdated"

    def __init__(self) -> None:
        super().__init__(
            "The draft was not kept: something that it was made from was erased or deleted "
            "meanwhile. Ask again."
        )


class DraftNotFoundError(TicketAppError):
    """The actor has no drafted reply with this id for the ticket."""

    status = HTTPStatus.NOT_FOUND
    code = "draft_not_found"

    def __init__(self, draft_id: int) -> None:
        super().__init__(f"There is no drafted reply {draft_id} of yours for this ticket.")
