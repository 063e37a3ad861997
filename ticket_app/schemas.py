"""The shapes that every edge shares: what comes in, what goes out, a sentence for each error."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic_core import PydanticCustomError

from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.texts import (
    Description,
    Published,
    RequesterEmail,
    RequesterName,
    Search,
    Title,
)
from ticket_app.vocabulary import (
    Category,
    DecidedBy,
    Edge,
    EventKind,
    Priority,
    Sentiment,
    Status,
    TriageField,
    TriageStatus,
)

PAGE_DEFAULT = 50
PAGE_MAX = 200

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = r"^(0|-[1-9][0-9]{0,15}|[1-9][0-9]{0,16})\.[1-9][0-9]{0,17}$"
"""Microseconds since 1970, in the years 1653 to 5138, and an id."""


_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})")


def _whole_number(value: Any) -> Any:
    """A text as the number it writes, in JSON's one spelling: 1_0, +1 and 01 are none."""
    if not isinstance(value, str):
        return value
    if not _WHOLE_NUMBER.fullmatch(value):
        raise PydanticCustomError(
            "whole_number", "Write a whole number of at most 19 digits, such as 50."
        )
    return int(value)


WHOLE_NUMBER = BeforeValidator(_whole_number)
WholeNumber = Annotated[int, WHOLE_NUMBER]
"""An integer in an address, where pydantic would also take 1_0, +1, fullwidth digits and 1.0."""


class _Input(BaseModel):
    """Whatever comes in from a person or a script: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TicketCreate(_Input):
    """A new ticket. An absent category or priority is filled by the triage."""

    title: Title
    description: Description
    category: Category | None = None
    priority: Priority | None = None
    status: Status = Status.OPEN
    requester_name: RequesterName = None
    requester_email: RequesterEmail = None


def _without_defaults(schema: dict[str, Any]) -> None:
    for each in schema["properties"].values():
        each.pop("default", None)


class TicketUpdate(_Input):
    """A change of a ticket: only the fields given are changed; null clears a requester's field."""

    # The defaults below mean "not given". Generated clients would send published ones.
    model_config = ConfigDict(json_schema_extra=_without_defaults)

    title: Title = ""
    description: Description = ""
    category: Category = Category.GENERAL
    priority: Priority = Priority.LOW
    status: Status = Status.OPEN
    requester_name: RequesterName = None
    requester_email: RequesterEmail = None

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that the caller gave, with their values."""
        return self.model_dump(exclude_unset=True)


class TicketPublic(BaseModel):
    """A ticket as every edge shows it. Times are UTC.

    `triage_status` is pending while a provider's answer is awaited, and failed when it could give
    none; the values stand meanwhile, and are those of `engine` where a person has not set them.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: int
    title: str
    description: str
    category: Category
    priority: Priority
    status: Status
    sentiment: Sentiment
    urgency_score: int
    requester_name: str | None
    requester_email: str | None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None = Field(
        description="When it was resolved or closed; null while it is neither."
    )
    version: int
    triage_status: TriageStatus
    engine: str
    category_by: DecidedBy
    priority_by: DecidedBy


class SimilarTicket(BaseModel):
    """A ticket whose text is like another's: `similarity` is 0..1, of 1 the words are the same.

    `shared_words` are those of both, the ones that fewest tickets have first, 8 at most.
    """

    ticket: TicketPublic
    similarity: float
    shared_words: tuple[str, ...]


class TicketFilter(_Input):
    """Which tickets to list. Values of one field widen the choice, fields narrow it."""

    category: list[Category] = Field(default=[], description="Any of these categories.")
    priority: list[Priority] = Field(default=[], description="Any of these priorities.")
    status: list[Status] = Field(default=[], description="Any of these statuses.")
    sentiment: list[Sentiment] = Field(default=[], description="Any of these sentiments.")
    search: Search = Field(
        default=None,
        description="Found anywhere in title or description; what looks the same is the same.",
    )


class TicketListQuery(TicketFilter):
    """A page of a list: `cursor` is where the page before ended, as its Link header gave it."""

    limit: WholeNumber = Field(
        default=PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="Tickets a page."
    )
    cursor: Annotated[str, Published({"pattern": CURSOR})] | None = Field(
        default=None, description="From the Link header of the page before."
    )

    @field_validator("cursor")
    @classmethod
    def _known_cursor(cls, value: str | None) -> str | None:
        if value is not None:
            Position.decode(value)
        return value


class Position(NamedTuple):
    """A place in the newest-first order: behind the ticket with this created_at and id."""

    created_at: datetime
    id: int

    def encode(self) -> str:
        """A cursor for a URL: microseconds since 1970, and the id."""
        micros = (self.created_at - EPOCH) // timedelta(microseconds=1)
        return f"{micros}.{self.id}"

    @classmethod
    def decode(cls, cursor: str) -> "Position":
        """The place that `encode` wrote; PydanticCustomError for anything else."""
        if not re.fullmatch(CURSOR, cursor):
            raise PydanticCustomError(
                "cursor", "Take the cursor from the Link header of the page before, unchanged."
            )
        micros, ticket_id = map(int, cursor.split("."))
        return cls(EPOCH + timedelta(microseconds=micros), ticket_id)


_TICKETS = TypeAdapter(list[TicketPublic])


class TicketPage(BaseModel):
    """One page of a list, a JSON array as the database wrote it.

    `next_cursor` is None on the last page.
    """

    json_array: str
    next_cursor: str | None

    @cached_property
    def items(self) -> list[TicketPublic]:
        """Its tickets as objects."""
        return _TICKETS.validate_json(self.json_array)


class Described(_Input):
    """A description for which something is to be suggested."""

    description: Description


class Classification(BaseModel):
    """What an engine takes the ticket for. Confidences are 0..1, null where it did not say."""

    suggested_category: Category
    suggested_priority: Priority
    category_confidence: float | None
    priority_confidence: float | None
    confidence: float | None = Field(
        description="The lower of the two confidences; null where one of them is."
    )
    category_evidence: tuple[str, ...] = Field(description="Quotes of the text it rests on.")
    priority_evidence: tuple[str, ...] = Field(description="Quotes of the text it rests on.")
    engine: str
    failure: str | None = Field(description="Why a configured provider did not answer.")


class TitleSuggestion(BaseModel):
    """A proposed title, never empty. `failure` says why a configured provider did not answer."""

    suggested_title: str
    engine: str
    failure: str | None


class TicketEventPublic(BaseModel):
    """One line of a ticket's history; `field` is None unless a field was changed."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    kind: EventKind
    field: str | None
    old_value: str | None
    new_value: str | None
    edge: Edge
    created_at: datetime


class SuggestionPublic(BaseModel):
    """What an engine proposed for one field of a ticket; confidence is 0..1, null if unsaid.

    `evidence` are the words of the ticket that it rests on.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    field: TriageField
    value: str
    confidence: float | None
    evidence: tuple[str, ...]
    engine: str
    model: str
    prompt_version: str
    created_at: datetime


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], values: Mapping[str, Any]) -> Model:
    """`values` as a `model`, or InvalidInputError with a sentence for each wrong field."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise InvalidInputError(field_problems(error.errors(include_input=False))) from None


def field_problems(errors: Sequence[Any]) -> list[FieldProblem]:
    """Pydantic's errors as {field, message}; never repeats the input, which may be a secret."""
    return [
        FieldProblem(".".join(str(part) for part in error["loc"]) or "input", _message(error))
        for error in errors
    ]


def _message(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing":
            return "This is required."
        case "extra_forbidden":
            return "This name is unknown; remove it or check its spelling."
        case "enum":
            return f"Use one of {error['ctx']['expected']}."
        case _:
            return str(error["msg"])
