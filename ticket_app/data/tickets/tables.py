"""Tickets, their history, and the idempotency keys of a day."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Index, Text, text
from sqlmodel import Field, SQLModel

from ticket_app.data.fields import (
    STRICT,
    id_field,
    integer_field,
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
)

NOT_DELETED = text("deleted_at IS NULL")
CATEGORY_DECIDED = text("category_by = 'person' AND deleted_at IS NULL")
PRIORITY_DECIDED = text("priority_by = 'person' AND deleted_at IS NULL")


class Ticket(SQLModel, table=True):
    """A ticket. A deleted one keeps its row, with deleted_at set, and is out of every list.

    The database adds what lists and searches go by: see migration 0006.
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


class TicketEvent(SQLModel, table=True):
    """One line of a ticket's history. Triggers refuse to change or remove a line."""

    __tablename__: ClassVar[Any] = "ticket_event"
    __table_args__ = (
        *ticket_event_checks(),
        Index("ticket_event_ticket", "ticket_id", "id"),
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
    created_at: datetime = time_field()


class IdempotencyKey(SQLModel, table=True):
    """A request that filed a ticket, kept for a day: the same key files no second one.

    `fingerprint` is the SHA-256 of the values that were sent, in hexadecimal. `ticket` is the JSON
    of the TicketPublic that was answered, without its id, whatever the ticket says by now.
    """

    __tablename__: ClassVar[Any] = "idempotency_key"
    __table_args__ = (
        *idempotency_key_checks(),
        Index("idempotency_key_created", "created_at"),
        STRICT,
    )

    key: str = Field(sa_column=Column(Text, primary_key=True))
    fingerprint: str = text_field()
    ticket_id: int = ticket_id_field()
    ticket: str = text_field()
    created_at: datetime = time_field()
