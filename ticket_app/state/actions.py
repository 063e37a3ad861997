"""What a person does with one ticket, from whichever page; the pages follow by themselves."""

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas import TicketUpdate, parse
from ticket_app.services import changing, tickets
from ticket_app.state.asking import ask, ticket_id_of
from ticket_app.state.notices import Notice, told_failure
from ticket_app.vocabulary import Edge


class TicketActions(rx.State):
    """Changing, deleting and restoring; nothing to show, hence no vars."""

    @rx.event
    async def change(self, ticket_id: int, field: str, value: str) -> EventSpec | None:
        """Set one field of a ticket."""
        try:
            update = parse(TicketUpdate, {str(field): value})
            await ask(changing.update_ticket, ticket_id_of(ticket_id), update, Edge.BROWSER)
        except TicketAppError as error:
            return told_failure(error.detail)
        return None

    @rx.event
    async def delete(self, ticket_id: int) -> EventSpec | None:
        """Take a ticket away, with a way back."""
        try:
            await ask(tickets.delete_ticket, ticket_id_of(ticket_id), Edge.BROWSER)
        except TicketAppError as error:
            return told_failure(error.detail)
        return Notice.tell(f"Ticket {ticket_id} is deleted.", ticket_id)

    @rx.event
    async def restore(self, ticket_id: int) -> EventSpec | None:
        """Bring a deleted ticket back."""
        try:
            await ask(tickets.restore_ticket, ticket_id_of(ticket_id), Edge.BROWSER)
        except TicketAppError as error:
            return told_failure(error.detail)
        return Notice.dismiss
