"""The box for a message: a mixin for the States of the pages that have one.

The browser's fields hold what is typed, and a hidden one the message's idempotency key, as the form
for a new ticket does: see decision 0021. So a message is posted once, however often it is sent, and
no answer of the desk takes what was typed after it was sent.
"""

import secrets
from time import time
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.actor import Actor
from ticket_app.errors import IdempotencyKeyReusedError, InvalidInputError, TicketAppError
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.inputs import parse
from ticket_app.state.attachments.unsent import Unsent, ids_of, words_and_files
from ticket_app.state.conversation.markdown import html_of
from ticket_app.state.event_arguments import number_of, text_of, ticket_id_of
from ticket_app.state.notices import Notice
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import IDEMPOTENCY_KEY_MAX, MESSAGE_MAX, MessageKind

ROOM = 2
"""The multiple of its limit up to which a text is kept, so that the error can say the excess."""
TEXTS_MAX = 16
"""Unsent texts that are kept for a page. Each is that of a ticket and kind."""
AGAIN_SECONDS = 3.0
"""Seconds after a message was sent in which a second press sends nothing and needs no answer."""
FIELDS = tuple(f"{kind}-{part}" for kind in MessageKind for part in ("text", "key"))
"""The fields of the browser."""
EMPTY = "Write a message first."
SENT_BEFORE = "What you wrote first is sent. Send again for the words that are still here."
SAID = {MessageKind.REPLY: "Your reply is sent.", MessageKind.NOTE: "Your note is added."}


class Composing(rx.State, mixin=True):
    """`kinds` are those that one may write, `unsent` has the files that wait in the box. `ready` is
    True once the fields have their keys.

    `sent` counts what was posted: the last was `sent_text`, of `sent_kind`, which the browser then
    takes out of its field. `preview` is the HTML of a text that is not sent yet, and `refusal` says
    why a text was not sent.
    """

    kinds: ClassVar[tuple[MessageKind, ...]] = tuple(MessageKind)
    unsent: ClassVar[type[Unsent]]

    ready: bool = False
    sent: int = 0
    sent_kind: str = ""
    sent_text: str = ""
    preview: str = ""
    refusal: str = ""

    _texts: dict[str, str] = {}
    _last_sent: dict[str, str] = {}
    _sent_at: float = 0.0
    _seen: int = 0
    """The newest message that the page showed when it sent the last one."""

    @rx.event
    def meet(self, ticket_id: int, held: dict[str, Any]) -> list[EventSpec]:
        """Merges the browser's fields and what is kept of this ticket, when the box is drawn or its
        server is new. If both have a text the browser's counts."""
        fields: dict[str, Any] = held if isinstance(held, dict) else {}  # type: ignore[redundant-expr]  # a page may send anything
        self.ready, self.sent_text, self.preview, self.refusal = True, "", "", ""
        put = {}
        for kind in self.kinds:
            if not text_of(fields.get(f"{kind}-key"), IDEMPOTENCY_KEY_MAX):
                put[f"{kind}-key"] = new_key()
            kept = self._texts.get(_place(ticket_id, kind), "")
            if kept and not fields.get(f"{kind}-text"):
                put[f"{kind}-text"] = kept
        return [rx.set_value(name, value) for name, value in put.items()]

    @rx.event
    def write(self, ticket_id: int, kind: str, text: str) -> None:
        """Keeps a text, a moment after the last key or when its field loses the focus."""
        if kind not in self.kinds:
            return
        place, text = _place(ticket_id, kind), text_of(text, MESSAGE_MAX * ROOM)
        if self.refusal and text.strip():
            self.refusal = ""
        if text == self._last_sent.get(place):
            return  # the last keys of a message that was sent meanwhile
        others = {name: kept for name, kept in self._texts.items() if name != place}
        kept = dict([*others.items()][1 - TEXTS_MAX :])
        self._texts = kept | {place: text} if text else kept

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
    ) -> list[EventSpec]:
        """Posts a message with its `files`, unless its key has posted it before. After an error the
        text stays. It waits for files that are `on_the_way`."""
        self.refusal, self._seen = "", number_of(seen)
        ids = ids_of(files)
        if not ids and not number_of(on_the_way) and not text_of(text, MESSAGE_MAX).strip():
            self.refusal = "" if 0 <= time() - self._sent_at < AGAIN_SECONDS else EMPTY
            return []
        known = text_of(key, IDEMPOTENCY_KEY_MAX)
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
            return []
        except TicketAppError as error:
            self.refusal = f"{error.detail} Your text is kept."
            return []
        return self._empty(_place(ticket_id, new.kind), new.kind, text)

    def _empty(self, place: str, kind: MessageKind, text: str) -> list[EventSpec]:
        """Lets the browser take the text out of its field, and gives the next one a key."""
        self.sent, self.sent_kind, self.sent_text = self.sent + 1, kind, text
        self.preview, self._sent_at = "", time()
        self._texts = {name: kept for name, kept in self._texts.items() if name != place}
        self._last_sent = {place: text}
        return [rx.set_value(f"{kind}-key", new_key()), Notice.say(SAID[kind])]

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


def _place(ticket_id: Any, kind: str) -> str:
    return f"{number_of(ticket_id)}.{kind}"


def new_key() -> str:
    """Returns a new idempotency key for a message."""
    return secrets.token_urlsafe(16)
