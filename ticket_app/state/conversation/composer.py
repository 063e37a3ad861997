"""The composer of the page of a ticket: replies to the requester, and notes of the team."""

import asyncio
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.bus import bus
from ticket_app.errors import InvalidInputError, NewerMessagesError, TicketAppError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.holding import send_message, take_back
from ticket_app.services.people.permission import Verb
from ticket_app.state.acting import acting_if_known
from ticket_app.state.attachments.unsent import ComposerFiles, Unsent
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.conversation.company import stop_writing
from ticket_app.state.conversation.composing import Composing
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.drafted import Drafted
from ticket_app.state.conversation.drafts.drafting import new_key, storable
from ticket_app.state.conversation.stop import Stop
from ticket_app.state.event_arguments import number_of
from ticket_app.state.notices import Notice, failure_notice
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.address import number_in
from ticket_app.vocabulary import ID_MAX, MessageKind

TAKEN = "Taken back. Nobody else has seen it."
TOO_LATE = "It is sent already."


class Composer(Composing, Subscribed, rx.State):
    """The composer beside the conversation that this page shows. It follows one's own drafts, as
    other pages save them."""

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS
    unsent: ClassVar[type[Unsent]] = ComposerFiles

    @rx.event
    async def undo(self, held_id: int, written: dict[str, Any]) -> list[EventSpec]:
        """Takes a held message back into its field, above what was written there since."""
        fields: dict[str, Any] = written if isinstance(written, dict) else {}  # type: ignore[redundant-expr]  # a page may send anything
        page = await self.get_state(Conversation)
        since = {kind: storable(fields.get(f"{kind}-text")) for kind in self.kinds}
        try:
            new = [self._draft(page.ticket.id, kind, text) for kind, text in since.items()]
            taken = await call_service(take_back, number_of(held_id), new)
        except InvalidInputError as error:
            return [failure_notice(error.problems[0].message)]
        except TicketAppError as error:
            return [failure_notice(error.detail)]
        await page._read(page.ticket.id)  # noqa: SLF001  # ours
        if taken is None:
            return [failure_notice(TOO_LATE)]
        if taken.draft.kind is MessageKind.REPLY:
            drafted = await self.get_state(Drafted)
            await drafted._reopen(page.ticket.id, taken.draft.body)  # noqa: SLF001  # ours
        await (await self.get_state(ComposerFiles))._read_files(page.ticket.id)  # noqa: SLF001  # ours
        self.sent_text = ""
        self._put_back(page.ticket.id, taken.draft, since[taken.draft.kind])
        return [rx.set_focus(f"{taken.draft.kind}-text"), Notice.say(TAKEN)]

    async def _news(self) -> AbstractContextManager[asyncio.Queue[Any]]:
        person_id = (await acting_if_known()).identity.person_id
        # The address, because the box may not be met yet.
        return bus.subscribe_to_drafts(person_id, number_in(self.router.url.path) or ID_MAX)

    async def _refresh(self) -> None:
        async with self:
            await self._follow(number_in(self.router.url.path))

    async def _post(
        self,
        ticket_id: int,
        new: MessageCreate,
        key: str | None,
        resolve: bool,
    ) -> None:
        conversation = await self.get_state(Conversation)
        stop = await self.get_state(Stop)
        seen = stop._seen_at(ticket_id, self._seen)  # noqa: SLF001  # ours
        try:
            await call_service(
                send_message,
                ticket_id,
                new,
                key or new_key(),
                resolve=resolve,
                seen=seen,
                typed=self._typed(ticket_id, new.kind),
            )
        except NewerMessagesError as error:
            stop._show(conversation.ticket, new.kind, resolve, error.messages)  # noqa: SLF001
            raise
        stop.keep_writing()
        await stop_writing(ticket_id)
        if new.kind is MessageKind.REPLY:
            (await self.get_state(Drafted))._forget()  # noqa: SLF001  # ours
        await conversation._show_own(ticket_id)  # noqa: SLF001  # ours
