"""Tables of tickets, their history, and idempotency keys."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Index, Text, text
from sqlmodel import Field, SQLModel

from ticket_app.data.fields import (
    STRICT,
    id_field,
    integer_field,
    person_id_field,
    text_field,
    ticket_id_field,
    time_field,
)
from ticket_app.data.tickets.checks import (
    idempotency_key_checks,
    ticket_checks,
    ticket_event_checks,
)
from ticket_app.vocabulary import (
    OFFLINE,
    URGENCY_DEFAULT,
    DecidedBy,
    Sentiment,
    Status,
    TriageStatus,
    Who,
)

NOT_DELETED = text("deleted_at IS NULL")
CATEGORY_DECIDED = text("category_by = 'person' AND deleted_at IS NULL")
PRIORITY_DECIDED = text("priority_by = 'person' AND deleted_at IS NULL")


UNSETTLED = text("resolved_at IS NULL AND deleted_at IS NULL")
UNLINKED = text("requester_id IS NULL AND requester_email IS NOT NULL")
OF_REQUESTER = text("requester_id IS NOT NULL AND deleted_at IS NULL")
OF_ASSIGNEE = text("assignee_id IS NOT NULL AND deleted_at IS NULL")
UNSETTLED_OF_ASSIGNEE = text(
    "assignee_id IS NOT NULL AND resolved_at IS NULL AND deleted_at IS NULL"
)
UNASSIGNED = text("assignee_id IS NULL AND deleted_at IS NULL")
UNSETTLED_UNASSIGNED = text("assignee_id IS NULL AND resolved_at IS NULL AND deleted_at IS NULL")
DELETED = text("deleted_at IS NOT NULL")
DELETED_OF_REQUESTER = text("requester_id IS NOT NULL AND deleted_at IS NOT NULL")
OF_ADDRESS = text("field = 'requester_email'")
OF_ERASING = text("kind = 'erased'")


class Ticket(SQLModel, table=True):
    """A ticket. A deleted one keeps its row with `deleted_at` set, and is in no list.

    `waiting_since` is the time of the requester's oldest message without an answer, the description
    included; a settled ticket waits for nobody. `first_responded_at` is the first reply of someone
    else than the requester.

    `requester_id` is the person of `requester_email`. It is NULL until a background task links a
    ticket that was filed without it. A trigger clears it if a writer changes the address alone.

    `assignee_id` is the agent or administrator who cares for the ticket; NULL for nobody.

    Migration 0006 adds derived columns for lists and searches.
    """

    __tablename__: ClassVar[Any] = "ticket"
    __table_args__ = (
        *ticket_checks(),
        Index(
            "ticket_newest",
            "created_at",
            "id",
            postgresql_where=NOT_DELETED,
            sqlite_where=NOT_DELETED,
        ),
        Index(
            "ticket_category_decided",
            "id",
            postgresql_where=CATEGORY_DECIDED,
            sqlite_where=CATEGORY_DECIDED,
        ),
        Index(
            "ticket_priority_decided",
            "id",
            postgresql_where=PRIORITY_DECIDED,
            sqlite_where=PRIORITY_DECIDED,
        ),
        Index("ticket_unlinked", "id", postgresql_where=UNLINKED, sqlite_where=UNLINKED),
        Index(
            "ticket_of_requester",
            "requester_id",
            "created_at",
            "id",
            postgresql_where=OF_REQUESTER,
            sqlite_where=OF_REQUESTER,
        ),
        Index(
            "ticket_of_assignee",
            "assignee_id",
            "created_at",
            "id",
            postgresql_where=OF_ASSIGNEE,
            sqlite_where=OF_ASSIGNEE,
        ),
        Index(
            "ticket_unsettled_of_assignee",
            "assignee_id",
            "created_at",
            "id",
            postgresql_where=UNSETTLED_OF_ASSIGNEE,
            sqlite_where=UNSETTLED_OF_ASSIGNEE,
        ),
        Index(
            "ticket_unassigned",
            "created_at",
            "id",
            postgresql_where=UNASSIGNED,
            sqlite_where=UNASSIGNED,
        ),
        Index(
            "ticket_unsettled_unassigned",
            "created_at",
            "id",
            postgresql_where=UNSETTLED_UNASSIGNED,
            sqlite_where=UNSETTLED_UNASSIGNED,
        ),
        Index(
            "ticket_deleted",
            "deleted_at",
            "id",
            postgresql_where=DELETED,
            sqlite_where=DELETED,
        ),
        Index(
            "ticket_deleted_of_requester",
            "requester_id",
            "id",
            postgresql_where=DELETED_OF_REQUESTER,
            sqlite_where=DELETED_OF_REQUESTER,
        ),
        Index(
            "ticket_by_change",
            "updated_at",
            "id",
            postgresql_where=UNSETTLED,
            sqlite_where=UNSETTLED,
        ),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    title: str = text_field()
    description: str = text_field()
    category: str = text_field()
    priority: str = text_field()
    status: str = text_field(server_default=Status.OPEN)
    sentiment: str = text_field(server_default=Sentiment.NEUTRAL)
    urgency_score: int = integer_field(URGENCY_DEFAULT)
    requester_name: str | None = text_field(nullable=True)
    requester_email: str | None = text_field(nullable=True)
    created_at: datetime = time_field()
    updated_at: datetime = time_field()
    resolved_at: datetime | None = time_field(nullable=True)
    version: int = integer_field(1)
    deleted_at: datetime | None = time_field(nullable=True)
    triage_status: str = text_field(server_default=TriageStatus.DONE)
    engine: str = text_field(server_default=OFFLINE)
    category_by: str = text_field(server_default=DecidedBy.TRIAGE)
    priority_by: str = text_field(server_default=DecidedBy.TRIAGE)
    requester_id: int | None = person_id_field()
    waiting_since: datetime | None = time_field(nullable=True)
    first_responded_at: datetime | None = time_field(nullable=True)
    assignee_id: int | None = person_id_field()


class TicketEvent(SQLModel, table=True):
    """An event of a ticket's history. Triggers refuse updates and deletes of events, except those
    of the function for erasing: data/erasing/.

    `actor_id` is the person who acted, if signed in.
    """

    __tablename__: ClassVar[Any] = "ticket_event"
    __table_args__ = (
        *ticket_event_checks(),
        Index("ticket_event_ticket", "ticket_id", "id"),
        Index("ticket_event_address", "id", postgresql_where=OF_ADDRESS, sqlite_where=OF_ADDRESS),
        Index("ticket_event_erased", "id", postgresql_where=OF_ERASING, sqlite_where=OF_ERASING),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    ticket_id: int = ticket_id_field()
    ticket_version: int = integer_field()
    kind: str = text_field()
    field: str | None = text_field(nullable=True)
    old_value: str | None = text_field(nullable=True)
    new_value: str | None = text_field(nullable=True)
    edge: str = text_field()
    actor: str = text_field(server_default=Who.ANYONE)
    actor_id: int | None = person_id_field()
    created_at: datetime = time_field()


class IdempotencyKey(SQLModel, table=True):
    """The idempotency key of a request that filed a ticket, kept for a day.

    `fingerprint` is the SHA-256 of the request's values in hexadecimal. `ticket` is the JSON of the
    TicketPublic in the first response, without its id, even if the ticket has changed since.
    """

    __tablename__: ClassVar[Any] = "idempotency_key"
    __table_args__ = (
        *idempotency_key_checks(),
        Index("idempotency_key_created", "created_at"),
        Index("idempotency_key_ticket", "ticket_id"),
        STRICT,
    )

    key: str = Field(sa_column=Column(Text, primary_key=True))
    fingerprint: str = text_field()
    ticket_id: int = ticket_id_field()
    ticket: str = text_field()
    created_at: datetime = time_field()
