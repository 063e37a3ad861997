"""The box for a message: a mixin for the States of the pages that have one.

The browser's fields hold what is typed, and a hidden one the message's idempotency key, as the form
for a new ticket does: see decision 0021. So a message is posted once, however often it is sent, and
no answer of the desk takes what was typed after it was sent.
"""

from time import time
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.actor import Actor
from ticket_app.errors import IdempotencyKeyReusedError, InvalidInputError, TicketAppError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.inputs import parse
from ticket_app.state.attachments.unsent import Unsent, ids_of, words_and_files
from ticket_app.state.conversation.drafts.drafting import PARTS, Drafting, new_key
from ticket_app.state.conversation.markdown import html_of
from ticket_app.state.event_arguments import number_of, text_of, ticket_id_of
from ticket_app.state.notices import Notice
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import IDEMPOTENCY_KEY_MAX, MESSAGE_MAX, MessageKind

AGAIN_SECONDS = 3.0
"""Seconds after a message was sent in which a second press sends nothing and needs no answer."""
FIELDS = tuple(f"{kind}-{part}" for kind in MessageKind for part in PARTS)
"""The fields of the browser."""
EMPTY = "Write a message first."
SENT_BEFORE = "What you wrote first is sent. Send again for the words that are still here."
SAID = {MessageKind.REPLY: "Your reply is sent.", MessageKind.NOTE: "Your note is added."}


class Composing(Drafting, mixin=True):
    """`unsent` has the files that wait in the box. `ready` is True once the fields have their keys.

    `sent` counts what was posted: the last was `sent_text`, of `sent_kind`, which the browser then
    takes out of its field. `preview` is the HTML of a text that is not sent yet, and `refusal` says
    why a text was not sent.
    """

    unsent: ClassVar[type[Unsent]]

    ready: bool = False
    sent: int = 0
    sent_kind: str = ""
    sent_text: str = ""
    preview: str = ""
    refusal: str = ""

    _sent_at: float = 0.0
    _seen: int = 0
    """The newest message that the page showed when it sent the last one."""

    @rx.event
    async def meet(self, ticket_id: int, held: dict[str, Any], mount: str = "") -> None:
        """Merges the browser's fields and the drafts of this ticket, when the box is drawn (each
        time another `mount`) or its server is new."""
        fields: dict[str, Any] = held if isinstance(held, dict) else {}  # type: ignore[redundant-expr]  # a page may send anything
        self.ready, self.sent_text, self.preview, self.refusal = True, "", "", ""
        await self._meet_drafts(number_of(ticket_id), fields, mount)

    @rx.event
    async def look(self, text: str) -> None:
        """Shows a text as it will be read."""
        text = text_of(text, MESSAGE_MAX)
        self.refusal = "" if text.strip() else EMPTY
        self.preview = await call_service(_html, text) if text.strip() else ""

    @rx.event
    def write_on(self) -> None:
        """Goes back from the preview to the text."""
        self.preview = ""

    @rx.event
    async def send(  # noqa: PLR0917  # the parts of one press
        self,
        ticket_id: int,
        kind: str,
        text: str,
        key: str,
        resolve: bool = False,
        seen: int = 0,
        files: list[int] | None = None,
        on_the_way: int = 0,
        revision: str = "",
    ) -> list[EventSpec]:
        """Posts a message with its `files`, unless its key has posted it before. After an error the
        text stays. It waits for files that are `on_the_way`. `revision` is that of the draft in the
        field."""
        self.refusal, self._seen = "", number_of(seen)
        self._shows(revision)
        ids = ids_of(files)
        if not ids and not number_of(on_the_way) and not text_of(text, MESSAGE_MAX).strip():
            self.refusal = "" if 0 <= time() - self._sent_at < AGAIN_SECONDS else EMPTY
            return []
        known = text_of(key, IDEMPOTENCY_KEY_MAX) or self._key_on_its_way(kind)
        try:
            said = words_and_files(text, ids, on_the_way)
            new = parse(MessageCreate, {"kind": kind, **said})
            await self._post(ticket_id_of(ticket_id), new, known or None, resolve is True)
            await self._read_files(ticket_id, ids)
        except InvalidInputError as error:
            await self._read_files(ticket_id, ids)
            self.refusal = f"{error.problems[0].message} Your text is kept."
            return []
        except IdempotencyKeyReusedError:
            self.refusal = SENT_BEFORE
            return [rx.set_value(f"{kind}-key", new_key())]
        except TicketAppError as error:
            self.refusal = f"{error.detail} Your text is kept."
            return []
        next_key = new_key()
        self._is_sent(ticket_id, new.kind, text, known, next_key)
        return self._empty(new.kind, text, next_key)

    def _empty(self, kind: MessageKind, text: str, next_key: str) -> list[EventSpec]:
        """Lets the browser take the text out of its field, and gives the next one a key."""
        self.sent, self.sent_kind, self.sent_text = self.sent + 1, kind, text
        self.preview, self._sent_at = "", time()
        return [rx.set_value(f"{kind}-key", next_key), Notice.say(SAID[kind])]

    async def _read_files(self, ticket_id: int, sent: list[int]) -> None:
        """Shows which files are still there, after they were sent or refused."""
        if sent:
            await (await self.get_state(self.unsent))._read_files(number_of(ticket_id))  # noqa: SLF001  # ours

    async def _post(
        self,
        ticket_id: int,
        new: MessageCreate,
        key: str | None,
        resolve: bool,
    ) -> None:
        """Posts the message and shows it. Raises TicketAppError."""
        raise NotImplementedError


def _html(_: Actor, text: str) -> str:
    return html_of(text)
