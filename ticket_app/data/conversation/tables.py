"""The tables of messages, of drafts, and of the people copied on a ticket."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, Text, text
from sqlmodel import Field, SQLModel

from ticket_app.data.conversation.checks import (
    draft_checks,
    held_message_checks,
    message_checks,
    participant_checks,
)
from ticket_app.data.fields import (
    STRICT,
    flag_field,
    id_field,
    person_id_field,
    text_field,
    ticket_id_field,
    time_field,
)
from ticket_app.data.types import BigId

OF_REQUESTERS = text("author_id IS NOT NULL AND side = 'requester'")
"""The condition of a partial index, which a query repeats as it is."""


class Message(SQLModel, table=True):
    """A reply or a note. The description of the ticket is no message, although it is said first.

    `author_id` is NULL for whoever writes at an open desk, and for a requester without an address.
    `side` tells for whom the author speaks. `channel` is the edge it came in by.

    Migration 0029 adds the folded text for searches.
    """

    __tablename__: ClassVar[Any] = "message"
    __table_args__ = (
        *message_checks(),
        Index("message_ticket", "ticket_id", "id"),
        Index(
            "message_author",
            "author_id",
            "id",
            postgresql_where=OF_REQUESTERS,
            sqlite_where=OF_REQUESTERS,
        ),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    ticket_id: int = ticket_id_field()
    author_id: int | None = person_id_field()
    kind: str = text_field()
    side: str = text_field()
    body: str = text_field()
    channel: str = text_field()
    created_at: datetime = time_field()


class HeldMessage(SQLModel, table=True):
    """A message that its author can still take back: nobody else sees it, and nothing has come of
    it. Once `due_at` has passed it becomes a Message, and its row goes.

    `key` and `fingerprint` are those of its idempotency key.
    """

    __tablename__: ClassVar[Any] = "held_message"
    __table_args__ = (
        *held_message_checks(),
        Index("held_message_due", "due_at"),
        Index("held_message_ticket", "ticket_id"),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    ticket_id: int = ticket_id_field()
    author_id: int | None = person_id_field()
    kind: str = text_field()
    side: str = text_field()
    body: str = text_field()
    channel: str = text_field()
    resolves: bool = flag_field(server_default=False)
    key: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    fingerprint: str = text_field()
    due_at: datetime = time_field()
    created_at: datetime = time_field()


class Draft(SQLModel, table=True):
    """A text that a person has not sent yet: one for each person, ticket and kind.

    `writer` is the page that saved it last, and `revision` grows with each save. That of a new row
    begins with the time, so that no draft has the revision of one before it. `key` is the
    idempotency key of the message that it becomes.
    """

    __tablename__: ClassVar[Any] = "draft"
    __table_args__ = (*draft_checks(), Index("draft_ticket", "ticket_id"), STRICT)

    person_id: int = Field(sa_column=Column(BigId, ForeignKey("person.id"), primary_key=True))
    ticket_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    body: str = text_field()
    key: str = text_field()
    writer: str = text_field()
    revision: int = Field(sa_column=Column(BigId, nullable=False))
    updated_at: datetime = time_field()


class TicketParticipant(SQLModel, table=True):
    """A person copied on a ticket, who sees it as its requester does.

    `ticket_created_at` repeats that of the ticket, which never changes: the index has the tickets
    of a person in the order of a list.
    """

    __tablename__: ClassVar[Any] = "ticket_participant"
    __table_args__ = (
        *participant_checks(),
        Index("ticket_participant_person", "person_id", "ticket_created_at", "ticket_id"),
        STRICT,
    )

    ticket_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True))
    person_id: int = Field(sa_column=Column(BigId, ForeignKey("person.id"), primary_key=True))
    ticket_created_at: datetime = time_field()
    added_at: datetime = time_field()
