"""The table of messages."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import SQLModel

from ticket_app.data.conversation.checks import message_checks
from ticket_app.data.fields import (
    STRICT,
    id_field,
    person_id_field,
    text_field,
    ticket_id_field,
    time_field,
)


class Message(SQLModel, table=True):
    """A reply or a note. The description of the ticket is no message, although it is said first.

    `author_id` is NULL for whoever writes at an open desk, and for a requester without an address.
    `side` tells for whom the author speaks. `channel` is the edge it came in by.
    """

    __tablename__: ClassVar[Any] = "message"
    __table_args__ = (
        *message_checks(),
        Index("message_ticket", "ticket_id", "id"),
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
