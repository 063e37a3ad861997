"""The boxes in which requesters answer: on the page of their own ticket, and on that of a link."""

from typing import ClassVar

import reflex as rx

from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.services.conversation import linked, own
from ticket_app.services.conversation.drafts.saving import Outcome, Saved
from ticket_app.services.people.permission import Verb
from ticket_app.state.attachments.unsent import Unsent
from ticket_app.state.conversation.composing import Composing
from ticket_app.state.conversation.drafts.drafting import PLACES_MAX
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
        typed = self._typed(ticket_id, new.kind)
        await call_service(own.answer_own, ticket_id, new, key, typed)
        await (await self.get_state(OwnTickets))._read()  # noqa: SLF001  # ours


class LinkedAnswer(Composing, rx.State):
    """The box on the page of a signed link. Its holder is no person of the desk, and the link may
    be in several hands: what is typed is kept by the open page alone."""

    needs: ClassVar[Verb | None] = None
    unsent: ClassVar[type[Unsent]] = LinkedFiles
    kinds: ClassVar[tuple[MessageKind, ...]] = (MessageKind.REPLY,)

    _kept: dict[int, Saved] = {}

    async def _read_drafts(self, ticket_id: int) -> dict[str, Saved]:
        kept = self._kept.get(ticket_id)
        return {kept.kind: kept} if kept else {}

    async def _store(self, ticket_id: int, new: DraftWrite) -> Outcome:
        others = {number: each for number, each in self._kept.items() if number != ticket_id}
        saved = Saved(new.kind, new.body, new.key, new.writer, 1)
        self._kept = dict([*others.items()][1 - PLACES_MAX :]) | {ticket_id: saved}
        return Outcome(True, saved.revision)

    async def _post(
        self,
        ticket_id: int,
        new: MessageCreate,
        key: str | None,
        resolve: bool,  # noqa: ARG002
    ) -> None:
        page = await self.get_state(LinkedTicket)
        await call_service(linked.answer_linked, ticket_id, page._key, new, key)  # noqa: SLF001
        self._kept = {number: each for number, each in self._kept.items() if number != ticket_id}
        await page._read()  # noqa: SLF001  # ours
