"""The composer of the page of a ticket: replies to the requester, and notes of the team."""

from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import NewerMessagesError, TicketAppError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.services.conversation.holding import send_message, take_back
from ticket_app.services.people.permission import Verb
from ticket_app.state.attachments.unsent import ComposerFiles, Unsent, alone
from ticket_app.state.conversation.company import stop_writing
from ticket_app.state.conversation.composing import Composing, new_key
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.drafted import Drafted
from ticket_app.state.conversation.stop import Stop
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.notices import Notice, failure_notice
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import MESSAGE_MAX, MessageKind

TAKEN = "Taken back. Nobody else has seen it."
TOO_LATE = "It is sent already."


class Composer(Composing, rx.State):
    """The composer beside the conversation that this page shows."""

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS
    unsent: ClassVar[type[Unsent]] = ComposerFiles

    @rx.event
    async def undo(self, held_id: int, written: dict[str, Any]) -> list[EventSpec]:
        """Takes a held message back into its field, above what was written there since."""
        try:
            taken = await call_service(take_back, number_of(held_id))
        except TicketAppError as error:
            return [failure_notice(error.detail)]
        page = await self.get_state(Conversation)
        await page._read(page.ticket.id)  # noqa: SLF001  # ours
        if taken is None:
            return [failure_notice(TOO_LATE)]
        if taken.kind is MessageKind.REPLY:
            drafted = await self.get_state(Drafted)
            await drafted._reopen(page.ticket.id, taken.body)  # noqa: SLF001  # ours
        fields: dict[str, Any] = written if isinstance(written, dict) else {}  # type: ignore[redundant-expr]  # a page may send anything
        await (await self.get_state(ComposerFiles))._read_files(page.ticket.id)  # noqa: SLF001  # ours
        since = text_of(fields.get(f"{taken.kind}-text"), MESSAGE_MAX)
        body = "" if taken.body == alone(len(taken.attachments)) else taken.body
        text = f"{body}\n\n{since}" if body and since.strip() else body or since
        self.sent_text = ""
        self.write(page.ticket.id, taken.kind, text)
        put = {f"{taken.kind}-text": text, f"{taken.kind}-key": new_key()}
        events = [rx.set_value(name, value) for name, value in put.items()]
        return [*events, rx.set_focus(f"{taken.kind}-text"), Notice.say(TAKEN)]

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
                send_message, ticket_id, new, key or new_key(), resolve=resolve, seen=seen
            )
        except NewerMessagesError as error:
            stop._show(conversation.ticket, new.kind, resolve, error.messages)  # noqa: SLF001
            raise
        stop.keep_writing()
        await stop_writing(ticket_id)
        if new.kind is MessageKind.REPLY:
            (await self.get_state(Drafted))._forget()  # noqa: SLF001  # ours
        await conversation._show_own(ticket_id)  # noqa: SLF001  # ours
