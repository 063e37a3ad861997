"""The receipt of a ticket that was filed by the public form."""

from typing import ClassVar

import reflex as rx

from ticket_app.services.people.permission import Verb
from ticket_app.state.portal.address import upload_address

PAGE = "/new"
"""The page of the public form."""


class Receipt(rx.State):
    """The last ticket that this tab has filed (0: none), and where its requester finds it again.

    `address` is that of one's own tickets or a signed link. Without DESK_URL it is a path.
    `uploads_to` takes its files.
    """

    needs: ClassVar[Verb | None] = None

    ticket: int = 0
    address: str = ""
    uploads_to: str = ""
    is_signed: bool = False
    is_copied: bool = False

    @rx.event
    def copied(self) -> None:
        """Says that the link is in the clipboard."""
        self.is_copied = True

    @rx.event
    def put_away(self) -> None:
        """Makes room for the next ticket."""
        self.ticket, self.address, self.uploads_to = 0, "", ""

    def _give(self, ticket_id: int, address: str) -> None:
        """Shows this ticket."""
        self.ticket, self.address = ticket_id, address
        self.uploads_to = upload_address(ticket_id, address)
        self.is_copied = False
        self.is_signed = "key=" in address
