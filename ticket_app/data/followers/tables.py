"""The tables of followers, of the events that they have put aside, and of notifications."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, Text, text
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
from ticket_app.data.followers.checks import (
    follower_checks,
    notification_checks,
    put_aside_checks,
)
from ticket_app.data.types import BigId

TRIED = text("given_up_at IS NULL")
UNREAD = text("read_at IS NULL")


class Follower(SQLModel, table=True):
    """The place of a follower in the record of events.

    It is done with every event up to `position`, except those of PutAside. `holder` is the process
    that works for it until `leased_until`.
    """

    __tablename__: ClassVar[Any] = "follower"
    __table_args__ = (*follower_checks(), STRICT)

    name: str = Field(sa_column=Column(Text, primary_key=True))
    position: int = Field(sa_column=Column(BigId, nullable=False))
    holder: str | None = text_field(nullable=True)
    leased_until: datetime | None = time_field(nullable=True)
    moved_at: datetime = time_field()


class PutAside(SQLModel, table=True):
    """An event at which a follower has failed, or one of the same ticket that waits behind it.

    `attempts` is 0 for one that waits. `failure` is the class of the last error; its text may
    repeat a customer's and is in the log alone. A follower that has given up tries no more.
    `event_id` is no foreign key: a purge removes the events first.
    """

    __tablename__: ClassVar[Any] = "put_aside"
    __table_args__ = (
        *put_aside_checks(),
        Index("put_aside_ticket", "ticket_id"),
        Index(
            "put_aside_tried",
            "follower",
            "ticket_id",
            "event_id",
            postgresql_where=TRIED,
            sqlite_where=TRIED,
        ),
        STRICT,
    )

    follower: str = Field(sa_column=Column(Text, ForeignKey("follower.name"), primary_key=True))
    event_id: int = Field(sa_column=Column(BigId, primary_key=True))
    ticket_id: int = ticket_id_field()
    attempts: int = integer_field()
    failure: str | None = text_field(nullable=True)
    due_at: datetime = time_field()
    given_up_at: datetime | None = time_field(nullable=True)


class Notification(SQLModel, table=True):
    """An event that somebody is told of: one row for each person and event.

    `actor_id` is the person who acted, if known. `event_id` is no foreign key, as in PutAside.
    """

    __tablename__: ClassVar[Any] = "notification"
    __table_args__ = (
        *notification_checks(),
        Index("notification_of_person", "person_id", "event_id", unique=True),
        Index(
            "notification_unread",
            "person_id",
            "event_id",
            postgresql_where=UNREAD,
            sqlite_where=UNREAD,
        ),
        Index("notification_ticket", "ticket_id"),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    person_id: int = Field(sa_column=Column(BigId, ForeignKey("person.id"), nullable=False))
    ticket_id: int = ticket_id_field()
    event_id: int = Field(sa_column=Column(BigId, nullable=False))
    kind: str = text_field()
    actor_id: int | None = person_id_field()
    created_at: datetime = time_field()
    read_at: datetime | None = time_field(nullable=True)
