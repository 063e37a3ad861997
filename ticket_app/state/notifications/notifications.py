"""The page /notifications: what one was told of, newest first, in pages that the address names."""

from dataclasses import dataclass
from typing import ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.notifications import NotificationListQuery, NotificationPublic
from ticket_app.services.followers import notifications
from ticket_app.services.people.permission import Verb
from ticket_app.state.connection.returning import Returning
from ticket_app.state.notifications.of_person import OfPerson
from ticket_app.state.portal.address import ticket_number
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import NotificationKind

ROUTE = "/notifications"
PAGE = 50
DID = {
    NotificationKind.ASSIGNED: "assigned you",
    NotificationKind.REPLIED: "replied on",
    NotificationKind.MENTIONED: "mentioned you on",
}
BY_NOBODY = {
    NotificationKind.ASSIGNED: "You were assigned",
    NotificationKind.REPLIED: "A reply came on",
    NotificationKind.MENTIONED: "You were mentioned on",
}
"""The same of somebody whom the desk does not know."""


@dataclass(frozen=True)
class Told:
    """A notification as the page shows it: who did what, on which ticket. `at` is in ISO 8601."""

    event_id: int
    kind: str
    who: str
    did: str
    ticket_id: int
    title: str
    at: str
    unread: bool


class Notifications(Returning, OfPerson, rx.State):
    """A page of `rows`. `older` is the address of the next one, and `is_older` True on any but the
    first. `waiting` counts those that came since, PAGE at most, and are not shown yet."""

    needs: ClassVar[Verb | None] = Verb.USE_NOTES

    rows: list[Told] = []
    older: str = ""
    is_older: bool = False
    waiting: int = 0
    loaded: bool = False
    failed: str = ""

    _before: int | None = None

    @rx.event
    async def load(self) -> None:
        """Reads the page that the address names."""
        self._before = ticket_number(self.router.url.query_parameters.get("before")) or None
        self.is_older = self._before is not None
        await self._show()

    @rx.event
    async def show_waiting(self) -> None:
        """Shows the new ones at the top, or the page again after an error."""
        await self._show()

    @rx.event
    async def mark_all_read(self) -> None:
        """Marks all as read, on older pages too. Those that wait at the first page stay unread."""
        if self.is_older or not self.rows:
            return
        try:
            await call_service(notifications.mark_all_read, self.rows[0].event_id)
        except TicketAppError as error:
            self.failed = error.detail
            return
        await self._update()

    def _is_read(self) -> bool:
        return self.loaded

    async def _show(self) -> None:
        try:
            rows = await _read(self._before)
        except TicketAppError as error:
            self.failed, self.loaded = error.detail, True
            return
        self._put(rows, waiting=0)
        self.failed, self.loaded = "", True

    async def _update(self) -> None:
        """Reads again what is shown. Rows keep their places, and new ones wait."""
        top = self.rows[0].event_id if self.rows else 0
        try:
            rows = await _read(self._before)
            newer = sum(each.event_id > top for each in rows) if top and not self.is_older else 0
            if newer:
                rows = await _read(top + 1)
        except TicketAppError as error:
            self.failed = error.detail
            return
        self._put(rows, waiting=min(newer, PAGE))

    def _put(self, rows: list[Told], *, waiting: int) -> None:
        shown = rows[:PAGE]
        older = f"{ROUTE}?before={shown[-1].event_id}" if len(rows) > PAGE else ""
        values = {
            "rows": shown,
            "older": older,
            "waiting": waiting,
        }
        for name, value in values.items():
            if getattr(self, name) != value:  # Reflex sends a var that is set, even if unchanged
                setattr(self, name, value)

    async def _refresh(self) -> None:
        async with self:
            if self.loaded:
                await self._update()


async def _read(before: int | None) -> list[Told]:
    """Reads a page, and one more notification if there is one."""
    query = parse(NotificationListQuery, {"limit": PAGE + 1, "before": before})
    return [_told(each) for each in await call_service(notifications.list_notifications, query)]


def _told(each: NotificationPublic) -> Told:
    return Told(
        event_id=each.event_id,
        kind=each.kind,
        who=each.actor or "",
        did=(DID if each.actor else BY_NOBODY)[each.kind],
        ticket_id=each.ticket_id,
        title=each.title,
        at=each.created_at.isoformat(),
        unread=each.read_at is None,
    )
