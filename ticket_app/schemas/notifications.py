"""Notifications as input and as output."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ticket_app.schemas.inputs import WHOLE_NUMBER, Input, WholeNumber
from ticket_app.vocabulary import ID_MAX, NotificationKind

PAGE_DEFAULT = 50
PAGE_MAX = 200
UNREAD_MAX = 100

EventId = Annotated[int, Field(ge=1, le=ID_MAX), WHOLE_NUMBER]


class NotificationListQuery(Input):
    """A page of one's notifications, newest first. `before` is the last `event_id` of the page
    before."""

    limit: WholeNumber = Field(
        default=PAGE_DEFAULT, ge=1, le=PAGE_MAX, description="Notifications a page."
    )
    before: EventId | None = Field(
        default=None, description="Only notifications with a smaller event_id."
    )
    unread: bool = Field(default=False, description="Only those that are not marked as read.")


class NotificationPublic(BaseModel):
    """An event that one is told of."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    event_id: int = Field(description="The number of the event, of which one is told once.")
    ticket_id: int
    title: str = Field(description="The title of the ticket.")
    kind: NotificationKind
    actor_id: int | None = Field(description="The number of the person who acted, if known.")
    actor: str | None = Field(description="Their name.")
    created_at: datetime
    read_at: datetime | None


class NotificationsRead(Input):
    """Notifications to be marked as read."""

    event_ids: list[EventId] = Field(
        min_length=1,
        max_length=PAGE_MAX,
        description="Their event_ids. Those that are no notification of one's own are left out.",
    )


class Unread(BaseModel):
    """How many of one's notifications are not marked as read."""

    unread: int = Field(ge=0, le=UNREAD_MAX, description=f"{UNREAD_MAX} stands for more, too.")
