"""The composer of the page of a ticket: replies to the requester, and notes of the team."""

from typing import ClassVar

import reflex as rx

from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.people.permission import Verb
from ticket_app.state.conversation.composing import Composing
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.service_calls import call_service


class Composer(Composing, rx.State):
    """The composer beside the conversation that this page shows."""

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    async def _post(
        self,
        ticket_id: int,
        new: MessageCreate,
        key: str | None,
        resolve: bool,
    ) -> None:
        await call_service(post_message, ticket_id, new, resolve=resolve, key=key)
        conversation = await self.get_state(Conversation)
        await conversation._show_own(ticket_id)  # noqa: SLF001  # ours
