"""How many notifications are unread, for the navigation and the title of every page of the desk."""

from contextlib import suppress
from typing import ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas.notifications import UNREAD_MAX
from ticket_app.services.followers import notifications
from ticket_app.services.people.permission import Verb
from ticket_app.state.connection.returning import Returning
from ticket_app.state.notifications.of_person import OfPerson
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.address import number_in


class Unread(Returning, OfPerson, rx.State):
    """`count` is what the navigation shows, "99+" for more than that; empty for none.

    `in_title` is the beginning of the tab's title.
    """

    needs: ClassVar[Verb | None] = Verb.USE_NOTES

    count: str = ""
    in_title: str = ""

    _loaded: bool = False

    @rx.event
    async def open_ticket(self) -> None:
        """Marks what one was told about the ticket of the address as read."""
        if number := number_in(self.router.url.path):
            with suppress(TicketAppError):  # the page's own content says what is wrong
                await call_service(notifications.mark_ticket_read, number)

    def _is_read(self) -> bool:
        return self._loaded

    async def _refresh(self) -> None:
        try:
            found = await call_service(notifications.count_unread)
        except TicketAppError:
            return  # the page's own content says what is wrong, and the next refresh counts
        count = f"{UNREAD_MAX - 1}+" if found.unread >= UNREAD_MAX else str(found.unread or "")
        async with self:
            if count != self.count:
                self.count, self.in_title = count, f"({count}) " if count else ""
            self._loaded = True
