"""The tables of drafted replies, and of the tickets whose replies they were drafted from."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, text
from sqlmodel import Field, SQLModel

from ticket_app.data.fields import (
    STRICT,
    id_field,
    person_id_field,
    real_field,
    text_field,
    ticket_id_field,
    time_field,
)
from ticket_app.data.tickets import tables as _tickets  # noqa: F401  rows refer to a ticket
from ticket_app.data.triage.checks import drafted_reply_checks
from ticket_app.data.types import BigId

IS_HELD = text("held_id IS NOT NULL")
IS_SENT = text("message_id IS NOT NULL")


class DraftedReply(SQLModel, table=True):
    """A reply that a provider drafted for a person, and what became of it.

    `author_id` is the person who asked for it, NULL at an open desk. `outcome` is NULL until the
    draft is sent or thrown away; one without an outcome counts as thrown away after a day.
    `share_changed` is of an edited one. `held_id` is the number of the held message that it became,
    and `message_id` that of the message, once it is one.
    """

    __tablename__: ClassVar[Any] = "drafted_reply"
    __table_args__ = (
        *drafted_reply_checks(),
        Index("drafted_reply_ticket", "ticket_id", "id"),
        Index("drafted_reply_created", "created_at"),
        Index(
            "drafted_reply_held",
            "held_id",
            unique=True,
            postgresql_where=IS_HELD,
            sqlite_where=IS_HELD,
        ),
        Index(
            "drafted_reply_message",
            "message_id",
            unique=True,
            postgresql_where=IS_SENT,
            sqlite_where=IS_SENT,
        ),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    ticket_id: int = ticket_id_field()
    author_id: int | None = person_id_field()
    body: str = text_field()
    engine: str = text_field()
    model: str = text_field()
    prompt_version: str = text_field()
    latency_ms: float = real_field()
    created_at: datetime = time_field()
    outcome: str | None = text_field(nullable=True)
    share_changed: float | None = real_field(nullable=True)
    held_id: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    message_id: int | None = Field(
        default=None, sa_column=Column(BigId, ForeignKey("message.id"), nullable=True)
    )


class DraftedReplySource(SQLModel, table=True):
    """A ticket of whose replies a draft was made: what is erased there is erased in the draft."""

    __tablename__: ClassVar[Any] = "drafted_reply_source"
    __table_args__ = (Index("drafted_reply_source_ticket", "ticket_id"), STRICT)

    draft_id: int = Field(sa_column=Column(BigId, ForeignKey("drafted_reply.id"), primary_key=True))
    ticket_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True))
