"""The boxes in which requesters answer: on the page of their own ticket, and on that of a link."""

from typing import ClassVar

import reflex as rx

from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation import linked, own
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
        await call_service(own.answer_own, ticket_id, new, key)
        await (await self.get_state(OwnTickets))._read()  # noqa: SLF001  # ours


class LinkedAnswer(Composing, rx.State):
    """The box on the page of a signed link."""

    needs: ClassVar[Verb | None] = None
    unsent: ClassVar[type[Unsent]] = LinkedFiles
    kinds: ClassVar[tuple[MessageKind, ...]] = (MessageKind.REPLY,)

    async def _post(
        self,
        ticket_id: int,
        new: MessageCreate,
        key: str | None,
        resolve: bool,  # noqa: ARG002
    ) -> None:
        page = await self.get_state(LinkedTicket)
        await call_service(linked.answer_linked, ticket_id, page._key, new, key)  # noqa: SLF001
        await page._read()  # noqa: SLF001  # ours
