"""The files of the public form. The browser keeps them until the ticket is filed, and uploads them
then: so nobody stores a file here without a ticket."""

from typing import ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.files_alone import alone, count_in_words
from ticket_app.services.conversation import linked, own
from ticket_app.services.conversation.attachments import linked_files
from ticket_app.services.conversation.attachments.reading import unsent_files
from ticket_app.services.people.permission import Verb
from ticket_app.state.event_arguments import number_of
from ticket_app.state.portal.address import key_in
from ticket_app.state.portal.receipt import Receipt
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import ATTACHMENTS_MAX, MessageKind


class ReceiptFiles(rx.State):
    """What became of the files of the ticket on the receipt, in words."""

    needs: ClassVar[Verb | None] = None

    said: str = ""

    @rx.event
    async def file_came(self, ticket_id: int, left: int) -> None:
        """Sends the files in the name of the requester, once none is `left` on its way."""
        receipt = await self.get_state(Receipt)
        if number_of(left) or not receipt.ticket or number_of(ticket_id) != receipt.ticket:
            return
        key = key_in(receipt.address)
        try:
            count = await self._send(receipt.ticket, key)
        except TicketAppError as error:
            self.said = f"The files are not sent. {error.detail}"
            return
        if count:
            self.said = f"{count_in_words(count)} sent with it."

    @rx.event
    def forget(self) -> None:
        """Makes room for the next ticket."""
        self.said = ""

    async def _send(self, ticket_id: int, key: str) -> int:
        """Returns the number of files that are sent. The same files are sent once."""
        if key:
            found = await call_service(linked_files.linked_unsent_files, ticket_id, key)
        else:
            found = await call_service(unsent_files, ticket_id, MessageKind.REPLY)
        ids = [each.id for each in found][:ATTACHMENTS_MAX]
        if not ids:
            return 0
        new = MessageCreate(body=alone(len(ids)), attachments=ids)
        once = f"files {ids}"
        if key:
            await call_service(linked.answer_linked, ticket_id, key, new, once)
        else:
            await call_service(own.answer_own, ticket_id, new, once)
        return len(ids)
