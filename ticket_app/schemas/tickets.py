"""Tickets as input and as output, the filter of a list and its pages."""

from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from ticket_app.schemas.assignees import Assignee, WantedAssignee
from ticket_app.schemas.inputs import WHOLE_NUMBER, Input, Truth, WholeNumber, without_defaults
from ticket_app.schemas.paging import TICKET_CURSOR, Place
from ticket_app.texts import (
    Description,
    PersonKey,
    Published,
    RequesterEmail,
    RequesterName,
    Search,
    Title,
)
from ticket_app.vocabulary import (
    ID_MAX,
    OFFLINE,
    URGENCY_DEFAULT,
    Category,
    DecidedBy,
    Edge,
    EventKind,
    Priority,
    Sentiment,
    Sort,
    Status,
    TriageStatus,
    Who,
)

PAGE_DEFAULT = 50
PAGE_MAX = 200


class TicketCreate(Input):
    """A new ticket. An absent category or priority is filled by the triage."""

    title: Title
    description: Description
    category: Category | None = None
    priority: Priority | None = None
    status: Status = Status.OPEN
    requester_name: RequesterName = None
    requester_email: RequesterEmail = None


class TicketFromStranger(TicketCreate):
    """A new ticket of someone who has not signed in. An answer needs an address."""

    requester_email: RequesterEmail = Field(default=None, validate_default=True)

    @field_validator("requester_email")
    @classmethod
    def _present(cls, value: str | None) -> str:
        if value is None:
            raise PydanticCustomError("address", "Write your e-mail address, for the answer.")
        return value


class TicketUpdate(Input):
    """A change of a ticket. Only the given fields change; null clears a field of the requester, and
    takes the ticket from its assignee."""

    # The defaults below mean "not given".
    model_config = ConfigDict(json_schema_extra=without_defaults)

    title: Title = ""
    description: Description = ""
    category: Category = Category.GENERAL
    priority: Priority = Priority.LOW
    status: Status = Status.OPEN
    requester_name: RequesterName = None
    requester_email: RequesterEmail = None
    assignee_id: Assignee = Field(
        default=None,
        description="The number of an active agent or administrator, or `me` for the one who acts.",
    )

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that the caller gave, with their values."""
        return self.model_dump(exclude_unset=True)


class TicketPublic(BaseModel):
    """A ticket as every edge shows it. Times are UTC.

    `triage_status` is pending while a provider's answer is awaited, and failed if it gave none. The
    values apply in every status. They are those of `engine` unless a person has set them.

    A requester gets their own tickets without sentiment, urgency_score, triage_status, engine,
    category_by, priority_by and assignee_id.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    # A later field has a default: a response that an idempotency key stored before lacks it.
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
    waiting_since: datetime | None = Field(
        None, description="The requester's oldest message without an answer; null if none waits."
    )
    first_responded_at: datetime | None = Field(
        None, description="The first reply of someone else than the requester."
    )
    assignee_id: int | None = Field(
        None, description="The person who cares for it; null for nobody."
    )

    @property
    def entity_tag(self) -> str:
        """The strong entity tag (ETag) of the ticket's JSON, with its quotation marks.

        The version is not enough: requesters get other JSON than agents, the state of the triage
        changes without a new version, and a later release of the desk may show another field.
        """
        return self.entity_tag_of(self.model_dump_json())

    def entity_tag_of(self, json: str) -> str:
        """The same for whoever has the ticket's JSON already."""
        digest = sha256(json.encode()).hexdigest()
        return f'"{self.id}.{self.version}.{digest[:16]}"'


class TicketForRequester(TicketPublic):
    """A ticket as its requester sees it: its JSON lacks what the triage found, who decided it and
    who is assigned.

    In Python these fields have constant values.
    """

    sentiment: Sentiment = Field(Sentiment.NEUTRAL, exclude=True)
    urgency_score: int = Field(URGENCY_DEFAULT, exclude=True)
    triage_status: TriageStatus = Field(TriageStatus.DONE, exclude=True)
    engine: str = Field(OFFLINE, exclude=True)
    category_by: DecidedBy = Field(DecidedBy.TRIAGE, exclude=True)
    priority_by: DecidedBy = Field(DecidedBy.TRIAGE, exclude=True)
    assignee_id: int | None = Field(None, exclude=True)


SHOWN_TO_REQUESTER = frozenset(
    name for name, field in TicketForRequester.model_fields.items() if not field.exclude
)


class SimilarTicket(BaseModel):
    """A ticket whose text is like another's. `similarity` is 0..1; at 1 the words are the same.

    `shared_words` are the words of both tickets, at most 8, those that fewest tickets have first.
    """

    ticket: TicketPublic
    similarity: float
    shared_words: tuple[str, ...]


class TicketFilter(Input):
    """A choice of tickets. Values of one field widen it, and fields narrow it."""

    category: list[Category] = Field(default=[], description="Any of these categories.")
    priority: list[Priority] = Field(default=[], description="Any of these priorities.")
    status: list[Status] = Field(default=[], description="Any of these statuses.")
    sentiment: list[Sentiment] = Field(default=[], description="Any of these sentiments.")
    requester: PersonKey | None = Field(
        default=None, description="The tickets of this person, by number or by e-mail address."
    )
    assignee: WantedAssignee | None = Field(
        default=None,
        description="The tickets of this assignee, by number; `me` is the person who acts, and "
        "`none` nobody.",
    )
    unanswered: Truth | None = Field(
        default=None, description="Whether the requester waits for an answer."
    )
    search: Search = Field(
        default=None,
        description="Found anywhere in title, description or messages, of which a requester finds "
        "the replies; what looks the same is the same.",
    )


SORTS = (
    "newest: the last filed first. oldest: the first filed first. waiting: whose requester has "
    "waited longest first, and those that do not wait last. urgent: by priority, critical first, "
    "then by the highest urgency_score, then by the lowest number. changed: the last changed first."
)


class TicketListQuery(TicketFilter):
    """A page of a list. `cursor` is the end of the page before, from its Link header."""

    # Before the cursor, which is one of this sort.
    sort: Sort = Field(default=Sort.NEWEST, description=SORTS)
    limit: WholeNumber = Field(
        default=PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="Tickets a page."
    )
    cursor: Annotated[str, Published({"pattern": TICKET_CURSOR})] | None = Field(
        default=None, description="From the Link header of the page before, of the same sort."
    )

    @field_validator("cursor")
    @classmethod
    def _of_this_sort(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "sort" in info.data:
            Place.decode(value, info.data["sort"])
        return value

    @property
    def place(self) -> Place | None:
        """The place behind which the page begins; None for the first page."""
        return None if self.cursor is None else Place.decode(self.cursor, self.sort)


_TICKETS: TypeAdapter[list[TicketPublic]] = TypeAdapter(
    list[Annotated[TicketPublic | TicketForRequester, Field(union_mode="left_to_right")]]
)
"""The JSON for a requester lacks fields of the first, so it becomes the second."""


class TicketPage(BaseModel):
    """One keyset page of a list: a JSON array as the database wrote it.

    `next_cursor` is None on the last page. `stopped_after` is the number of tickets looked at, if
    the desk stopped there although others may match; None if the page is exact.
    """

    json_array: str
    next_cursor: str | None
    stopped_after: int | None = None

    @cached_property
    def items(self) -> list[TicketPublic]:
        """The tickets of the page as objects."""
        return _TICKETS.validate_json(self.json_array)


HISTORY_MAX = 200
"""Events and suggestions of a ticket that one call returns at most."""
EVENTS_FOR_REQUESTER = frozenset({EventKind.CREATED, EventKind.REPLIED})
CHANGES_FOR_REQUESTER = frozenset({"status"})
"""What a requester sees of the history: these kinds, and the changes of these fields. Other changes
would tell what the triage found, who works here, or whose ticket it was before."""


class EventListQuery(Input):
    """A page of a history, newest first. `before` is the last id of the page before."""

    limit: WholeNumber = Field(
        default=PAGE_DEFAULT, ge=1, le=HISTORY_MAX, description="Events a page."
    )
    before: Annotated[int, Field(ge=1, le=ID_MAX), WHOLE_NUMBER] | None = Field(
        default=None, description="Only events with a smaller id."
    )


class TicketEventPublic(BaseModel):
    """One event of a ticket's history. `field` is null unless a field was changed.

    A reply or a note has the id of its message as `new_value`. `actor_name` is the present name of
    the person who acted. It is null for whoever had not signed in, and for others than oneself
    before a requester. `old_name` and `new_name` are those of the people whose
    numbers the values are.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: int
    kind: EventKind
    field: str | None
    old_value: str | None
    new_value: str | None
    edge: Edge = Field(description="By which way the change came in.")
    actor: Who = Field(description="`anyone` is a person, signed in or not.")
    actor_id: int | None
    actor_name: str | None = None
    old_name: str | None = None
    new_name: str | None = None
    created_at: datetime
