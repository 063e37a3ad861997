"""REST for one's own notifications: parse, call one service, answer."""

from typing import Annotated

from fastapi import Query, Request, Response

from ticket_app.api.paths import LISTED, link_to_next
from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.schemas.notifications import (
    NotificationListQuery,
    NotificationPublic,
    NotificationsRead,
    Unread,
)
from ticket_app.services.followers import notifications
from ticket_app.services.threads import run

router = make_router("notifications")


@router.get("/", responses=LISTED)
async def list_notifications(
    query: Annotated[NotificationListQuery, Query()], request: Request, response: Response
) -> list[NotificationPublic]:
    """One's own notifications, newest first: tickets that one was assigned, replies on them, and
    mentions of one's name. For the team."""
    found = await run(actor_of(request), notifications.list_notifications, query)
    before = found[-1].event_id if len(found) == query.limit else None
    response.headers.update(link_to_next(request, before, "before"))
    return found


@router.get("/unread/")
async def count_unread(request: Request) -> Unread:
    """How many of one's notifications are not marked as read."""
    return await run(actor_of(request), notifications.count_unread)


@router.post("/read/", status_code=204)
async def mark_read(read: NotificationsRead, request: Request) -> None:
    """Mark some of one's notifications as read."""
    await run(actor_of(request), notifications.mark_read, read)
