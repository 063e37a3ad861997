"""The composer of the page of a ticket: replies to the requester, and notes of the team."""

import asyncio
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.bus import bus
from ticket_app.errors import InvalidInputError, NewerMessagesError, TicketAppError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.drafts.saving import own_drafts
from ticket_app.services.conversation.holding import send_message, take_back
from ticket_app.services.people.permission import Verb
from ticket_app.state.acting import acting_if_known
from ticket_app.state.attachments.unsent import ComposerFiles, Unsent
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.conversation.company import stop_writing
from ticket_app.state.conversation.composing import Composing
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.drafted import Drafted
from ticket_app.state.conversation.drafts.drafting import new_key, page_name, storable
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
        try:
            new = [self._draft(kind, fields) for kind in self.kinds]
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
        over = storable(fields.get(f"{taken.draft.kind}-text"))
        self._put_back(page.ticket.id, taken.draft, over)
        return [rx.set_focus(f"{taken.draft.kind}-text"), Notice.say(TAKEN)]

    async def _news(self) -> AbstractContextManager[asyncio.Queue[Any]]:
        person_id = (await acting_if_known()).identity.person_id
        # The address, because the box may not be met yet.
        ticket_id = number_in(self.router.url.path) or ID_MAX
        return bus.subscribe_to_drafts(person_id, ticket_id, page_name())

    async def _refresh(self) -> None:
        """Reads without the lock, so that the next keys need not wait. What was read may be older
        than a text that was saved meanwhile, so that one stays."""
        async with self:
            ticket_id, before = self._ticket, dict(self._known)
        if not ticket_id or ticket_id != number_in(self.router.url.path):
            return
        try:
            found = {each.kind: each for each in await call_service(own_drafts, ticket_id)}
        except TicketAppError:
            return  # the page of the ticket says it, and the next news reads again
        async with self:
            if ticket_id == self._ticket:
                same = [kind for kind in self.kinds if self._known.get(kind) == before.get(kind)]
                self._follow_found(ticket_id, found, same)

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
                typed=self._typed(),
            )
        except NewerMessagesError as error:
            stop._show(conversation.ticket, new.kind, resolve, error.messages)  # noqa: SLF001
            raise
        stop.keep_writing()
        await stop_writing(ticket_id)
        if new.kind is MessageKind.REPLY:
            (await self.get_state(Drafted))._forget()  # noqa: SLF001  # ours
        await conversation._show_own(ticket_id)  # noqa: SLF001  # ours
