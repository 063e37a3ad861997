"""Tickets as they come in and go out, the filter and the pages of a list."""

import re
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    field_validator,
)
from pydantic_core import PydanticCustomError

from ticket_app.schemas.inputs import Input, WholeNumber
from ticket_app.texts import Description, Published, RequesterEmail, RequesterName, Search, Title
from ticket_app.vocabulary import (
    Category,
    DecidedBy,
    Edge,
    EventKind,
    Priority,
    Sentiment,
    Status,
    TriageStatus,
)

PAGE_DEFAULT = 50
PAGE_MAX = 200

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = r"^(0|-[1-9][0-9]{0,15}|[1-9][0-9]{0,16})\.[1-9][0-9]{0,17}$"
"""Microseconds since 1970, in the years 1653 to 5138, and an id."""


class TicketCreate(Input):
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


class TicketUpdate(Input):
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


class TicketFilter(Input):
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


class TicketEventPublic(BaseModel):
    """One line of a ticket's history; `field` is None unless a field was changed."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    kind: EventKind
    field: str | None
    old_value: str | None
    new_value: str | None
    edge: Edge
    created_at: datetime
