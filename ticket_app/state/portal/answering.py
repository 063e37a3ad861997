"""The boxes in which requesters answer: on the page of their own ticket, and on that of a link."""

from typing import ClassVar

import reflex as rx

from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.services.conversation import linked, own
from ticket_app.services.conversation.drafts.saving import Outcome, Saved
from ticket_app.services.people.permission import Verb
from ticket_app.state.attachments.unsent import Unsent
from ticket_app.state.conversation.composing import Composing
from ticket_app.state.portal.answer_files import LinkedFiles, OwnFiles
from ticket_app.state.portal.linked_ticket import LinkedTicket
from ticket_app.state.portal.own_tickets import OwnTickets
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import MessageKind


class OwnAnswer(Composing, rx.State):
    """The box on the page of one's own ticket."""

    needs: ClassVar[Verb | None] = Verb.USE_ACCOUNT
    unsent: ClassVar[type[Unsent]] = OwnFiles
    kinds: ClassVar[tuple[MessageKind, ...]] = (MessageKind.REPLY,)

    async def _post(
        self,
        ticket_id: int,
        new: MessageCreate,
        key: str | None,
        resolve: bool,  # noqa: ARG002  # a requester closes a ticket by a button of its own
    ) -> None:
        await call_service(own.answer_own, ticket_id, new, key, self._typed())
        await (await self.get_state(OwnTickets))._read()  # noqa: SLF001  # ours


class LinkedAnswer(Composing, rx.State):
    """The box on the page of a signed link. Its holder is no person of the desk, and the link may
    be in several hands: what is typed is kept by the open page alone, for the ticket of its link.
    The browser may have somebody's session, so it saves nothing at the end."""

    needs: ClassVar[Verb | None] = None
    unsent: ClassVar[type[Unsent]] = LinkedFiles
    kinds: ClassVar[tuple[MessageKind, ...]] = (MessageKind.REPLY,)
    saves_at_end: ClassVar[bool] = False

    _kept: tuple[int, Saved] | None = None
    """What is typed, and its ticket."""

    async def _read_drafts(self, ticket_id: int) -> dict[str, Saved]:
        await self._require_linked(ticket_id)
        if self._kept is None or self._kept[0] != ticket_id:
            return {}
        return {self._kept[1].kind: self._kept[1]}

    async def _store(self, ticket_id: int, new: DraftWrite) -> Outcome:
        await self._require_linked(ticket_id)
        saved = Saved(new.kind, new.body, new.key, new.writer, 1)
        self._kept = ticket_id, saved
        return Outcome(True, saved.revision)

    async def _require_linked(self, ticket_id: int) -> None:
        """Raises TicketNotFoundError for any ticket but the one whose link the page has read."""
        page = await self.get_state(LinkedTicket)
        if not page._is_read():  # noqa: SLF001  # ours
            await page.load()  # its server is new
        if page.ticket.id != ticket_id:
            raise TicketNotFoundError(ticket_id)

    async def _post(
        self,
        ticket_id: int,
        new: MessageCreate,
        key: str | None,
        resolve: bool,  # noqa: ARG002
    ) -> None:
        page = await self.get_state(LinkedTicket)
        await call_service(linked.answer_linked, ticket_id, page._key, new, key)  # noqa: SLF001
        self._kept = None
        await page._read()  # noqa: SLF001  # ours
