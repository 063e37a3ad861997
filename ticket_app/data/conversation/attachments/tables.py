"""The tables of attachments, and of stored contents that may have lost their last attachment."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, Text, text
from sqlmodel import Field, SQLModel

from ticket_app.data.conversation.attachments.checks import attachment_checks, loose_file_checks
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


def _only_if(condition: str) -> dict[str, Any]:
    """Return the options of a partial index."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_SENT, _UNSENT = _only_if("message_id IS NOT NULL"), _only_if("message_id IS NULL")
_HELD = _only_if("held_id IS NOT NULL")


class Attachment(SQLModel, table=True):
    """A file of a message, or with a `held_id` of one that its author can still take back. Without
    either it waits to be sent, by its uploader alone.

    `sha256` names the content on disk: several attachments may share one. `uploader_id` is NULL for
    whoever has no account; `by_link` tells the holders of the ticket's signed link from an open
    desk. `kind` is that of the composer in which it waits, NULL for a file of a program. A trigger
    lists the content of a deleted row in `loose_file`.
    """

    __tablename__: ClassVar[Any] = "attachment"
    __table_args__ = (
        *attachment_checks(),
        Index("attachment_ticket", "ticket_id"),
        Index("attachment_message", "message_id", **_SENT),
        Index("attachment_unsent", "created_at", **_UNSENT),
        Index("attachment_unsent_of", "uploader_id", **_UNSENT),
        Index("attachment_content", "sha256"),
        Index("attachment_held", "held_id", **_HELD),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    ticket_id: int = ticket_id_field()
    message_id: int | None = Field(
        default=None, sa_column=Column(BigId, ForeignKey("message.id"), nullable=True)
    )
    held_id: int | None = Field(
        default=None, sa_column=Column(BigId, ForeignKey("held_message.id"), nullable=True)
    )
    uploader_id: int | None = person_id_field()
    by_link: bool = flag_field(server_default=False)
    kind: str | None = text_field(nullable=True)
    name: str = text_field()
    media_type: str = text_field()
    size: int = Field(sa_column=Column(BigId, nullable=False))
    sha256: str = text_field()
    created_at: datetime = time_field()


class LooseFile(SQLModel, table=True):
    """A content whose attachment was deleted. Its file goes if no other attachment has it."""

    __tablename__: ClassVar[Any] = "loose_file"
    __table_args__ = (*loose_file_checks(), STRICT)

    sha256: str = Field(sa_column=Column(Text, primary_key=True))
    since: datetime = time_field()
