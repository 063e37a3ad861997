"""Drafts of the texts in a box: a mixin for the States of boxes for messages. See decision 0046.

The browser's field holds what is typed, and is never set while somebody types. The desk saves it,
and says what another page of the same person has saved meanwhile.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple

import reflex as rx
from reflex_base.event.context import EventContext

from ticket_app.errors import TicketAppError
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.schemas.inputs import parse
from ticket_app.services.conversation.drafts.saving import (
    Outcome,
    Saved,
    own_drafts,
    save_draft,
)
from ticket_app.services.conversation.drafts.sending import Typed
from ticket_app.state.event_arguments import number_of, text_of, ticket_id_of
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import DRAFT_MAX, IDEMPOTENCY_KEY_MAX, WRITER_MAX, MessageKind

PARTS = ("text", "key", "revision")
"""The fields of the browser for each kind; the last two are hidden."""
MOUNT_MAX = 40


@dataclass(frozen=True)
class Put:
    """What the browser puts into a field, once for each `number`.

    It does so only in the box of this `mount`. The text replaces `over`: all that the field has if
    it is `exact`, else its beginning, so that what was typed meanwhile stays behind the text.
    """

    number: int
    mount: str
    over: str
    text: str
    key: str
    revision: str
    exact: bool


class _Known(NamedTuple):
    """What the desk knows of a field. `put` is what it put into the field over `over` when it met
    the box, with `key` and `met`: what is typed before that arrives goes behind it."""

    text: str
    revision: int
    met: int = 0
    put: str = ""
    over: str = ""
    key: str = ""


class _Sent(NamedTuple):
    """What was sent last, with its key and the next one."""

    place: tuple[int, str]
    text: str
    key: str
    next_key: str


class Drafting(rx.State, mixin=True):
    """`kinds` are those that one may write. `writer` names this page.

    `behind` are the kinds whose field another page of the same person has overtaken: it is not
    saved until the person has chosen. `unsaved` says why a text could not be saved.
    """

    kinds: ClassVar[tuple[MessageKind, ...]] = tuple(MessageKind)
    saves_at_end: ClassVar[bool] = True
    """The browser saves, as whom it knows, what is typed when the page is left."""

    writer: str = ""
    puts: dict[str, Put] = {}
    behind: list[str] = []
    unsaved: str = ""

    _mount: str = ""
    _puts_made: int = 0
    _ticket: int = 0
    _known: dict[str, _Known] = {}
    """By kind, for the ticket that the box has met last."""
    _sent: _Sent | None = None
    _shown_revision: int = 0
    """The revision of the draft that the field showed when the last message was sent."""

    @rx.event
    async def write(
        self, ticket_id: int, kind: str, text: str, key: str = "", revision: str = "0"
    ) -> None:
        """Saves a text: while it is typed, a moment after the last key, and when its field loses
        the focus."""
        if kind not in self.kinds:
            return
        place, text = (number_of(ticket_id), kind), storable(text)
        shown = base = _base(revision)
        known = self._of(*place)
        key = text_of(key, IDEMPOTENCY_KEY_MAX)
        if base is None and known is not None:
            text, key, base = known.put + text.removeprefix(known.over), known.key, known.met
        sent = self._sent
        if sent and sent.place == place and sent.key == key and text.startswith(sent.text):
            text, key = text.removeprefix(sent.text), sent.next_key
            if not text:
                return  # the last keys of the message
        is_saved = await self._save(ticket_id, kind, text, key, base)
        known = self._of(*place)
        if is_saved and shown == 0 and key and known and known.revision:
            # The browser learns of which draft its text is: that may be erased.
            self._put(kind, text, text, key, known.revision, exact=True)

    @rx.event
    async def look_again(self, ticket_id: int) -> None:
        """Follows what another page has saved, when a field gets the focus."""
        await self._follow(number_of(ticket_id))

    @rx.event
    async def take(self, ticket_id: int, kind: str, text: str) -> None:
        """Puts the text of the other page into the field, in place of this one."""
        found = await self._found(ticket_id)
        if found is not None:
            self._replace(ticket_id, kind, storable(text), found)

    @rx.event
    async def keep_this(self, ticket_id: int, kind: str, text: str, key: str) -> None:
        """Saves the text of this page, in place of the other one."""
        found = await self._found(ticket_id)
        if kind not in self.kinds or found is None:
            return
        base = found[kind].revision if kind in found else 0
        key, text = text_of(key, IDEMPOTENCY_KEY_MAX), storable(text)
        await self._save(ticket_id, kind, text, key, base)
        if kind not in self.behind:
            self._put(kind, text, text, key, base, exact=True)

    async def _meet_drafts(self, ticket_id: int, fields: dict[str, Any], mount: str) -> None:
        """Merges the browser's fields and the drafts of this ticket.

        A field that another page has not overtaken counts. An empty one gets the draft.
        """
        if ticket_id != self._ticket:
            self._known = {}
        self._mount, self._ticket = text_of(mount, MOUNT_MAX), ticket_id
        self.writer, self.puts, self.behind, self.unsaved = page_name(), {}, [], ""
        found = await self._found(ticket_id)
        if found is None:
            for kind in self.kinds:
                self._put(kind, "", "", new_key(), None, exact=False)
            return
        for kind in self.kinds:
            await self._meet_draft(ticket_id, kind, fields, found.get(kind))

    async def _meet_draft(
        self, ticket_id: int, kind: str, fields: dict[str, Any], saved: Saved | None
    ) -> None:
        text = storable(fields.get(f"{kind}-text"))
        key = text_of(fields.get(f"{kind}-key"), IDEMPOTENCY_KEY_MAX)
        if text and key:  # the box was met before, by a server that is gone
            await self._save(ticket_id, kind, text, key, _base(fields.get(f"{kind}-revision")))
            return
        body, revision = (saved.body, saved.revision) if saved else ("", 0)
        key = saved.key if saved else key or new_key()
        whole = body + text  # what was typed before the box was met
        known = _Known(whole, revision, met=revision, put=whole, over=text, key=key)
        self._learn(ticket_id, kind, known)
        self._put(kind, text, whole, key, revision, exact=False)
        if text:
            await self._save(ticket_id, kind, whole, key, revision)

    async def _save(self, ticket_id: int, kind: str, text: str, key: str, base: int | None) -> bool:
        values = {"kind": kind, "body": text, "writer": page_name(), "revision": base}
        try:
            new = parse(DraftWrite, values | {"key": key or new_key()})
            outcome = await self._store(ticket_id_of(ticket_id), new)
        except TicketAppError as error:
            self.unsaved = f"{error.detail} This text is not saved yet."
            return False
        if self.unsaved:
            self.unsaved = ""
        if outcome.is_saved:
            before = self._of(ticket_id, kind) or _Known("", 0)
            self._learn(ticket_id, kind, before._replace(text=text, revision=outcome.revision))
        self._set_behind(kind, is_behind=not outcome.is_saved)
        return outcome.is_saved

    def _draft(self, kind: str, fields: dict[str, Any]) -> DraftWrite:
        """Returns the text of one of the browser's fields as a draft with a key of its own."""
        text, base = storable(fields.get(f"{kind}-text")), _base(fields.get(f"{kind}-revision"))
        values = {"kind": kind, "body": text, "key": new_key()}
        return parse(DraftWrite, values | {"writer": page_name(), "revision": base})

    def _put_back(self, ticket_id: int, saved: Saved, over: str) -> None:
        """Puts a message that was taken back into its field, in place of its beginning `over`."""
        self._learn(ticket_id, saved.kind, _Known(saved.body, saved.revision))
        self._put(saved.kind, over, saved.body, saved.key, saved.revision, exact=False)
        self._set_behind(saved.kind, is_behind=False)

    async def _follow(self, ticket_id: int) -> None:
        """Puts what another page has saved into the fields that were not typed into since."""
        if not self.kinds or ticket_id != self._ticket or not ticket_id:
            return
        try:
            found = await self._read_drafts(ticket_id)
        except TicketAppError:
            return  # the page of the ticket says it, and the next focus reads again
        self._follow_found(ticket_id, found, self.kinds)

    def _follow_found(
        self, ticket_id: int, found: dict[str, Saved], kinds: Collection[MessageKind]
    ) -> None:
        for kind in kinds:
            known, saved = self._of(ticket_id, kind), found.get(kind)
            revision = saved.revision if saved else 0
            if known and kind not in self.behind and revision != known.revision:
                self._replace(ticket_id, kind, known.text, found)

    def _replace(self, ticket_id: int, kind: str, over: str, found: dict[str, Saved]) -> None:
        """Puts the draft into its field in place of this text."""
        if kind not in self.kinds:
            return
        saved = found.get(kind)
        text, revision = (saved.body, saved.revision) if saved else ("", 0)
        key = saved.key if saved else new_key()
        self._learn(ticket_id, kind, _Known(text, revision, revision, text, over, key))
        self._put(kind, over, text, key, revision, exact=True)
        self._set_behind(kind, is_behind=False)

    def _put(  # the parts of one field
        self, kind: str, over: str, text: str, key: str, revision: int | None, *, exact: bool
    ) -> None:
        self._puts_made += 1
        known = "" if revision is None else str(revision)
        put = Put(self._puts_made, self._mount, over, text, key, known, exact)
        self.puts = self.puts | {kind: put}

    def _key_on_its_way(self, kind: str) -> str:
        """Returns the key that the browser is about to put beside a field. Who presses Send twice
        before it has arrived sends one message."""
        put = self.puts.get(kind)
        return put.key if put else ""

    def _of(self, ticket_id: Any, kind: str) -> _Known | None:
        return self._known.get(kind) if ticket_id == self._ticket else None

    def _learn(self, ticket_id: int, kind: str, known: _Known) -> None:
        if ticket_id == self._ticket:
            self._known = self._known | {kind: known}

    def _set_behind(self, kind: str, *, is_behind: bool) -> None:
        if (kind in self.behind) != is_behind:
            self.behind = [each for each in self.behind if each != kind] + [kind] * is_behind

    def _shows(self, revision: Any) -> None:
        """Notes what the hidden field says. The desk may know of a draft that the browser refused,
        because a key came first: nobody has seen that, and sending leaves it."""
        self._shown_revision = _base(revision) or 0

    def _typed(self) -> Typed:
        """Returns what a message that is sent from this page says of its draft."""
        return Typed(page_name(), self._shown_revision)

    def _is_sent(self, ticket_id: int, kind: str, text: str, key: str, next_key: str) -> None:
        """Notes that the draft has become a message."""
        self._sent = _Sent((ticket_id, kind), text, key, next_key)
        self._learn(ticket_id, kind, _Known("", 0))
        self._set_behind(kind, is_behind=False)

    async def _found(self, ticket_id: int) -> dict[str, Saved] | None:
        """Returns the drafts by kind; None if they cannot be read now, as `unsaved` then says."""
        try:
            return await self._read_drafts(number_of(ticket_id))
        except TicketAppError as error:
            self.unsaved = error.detail
            return None

    async def _read_drafts(self, ticket_id: int) -> dict[str, Saved]:
        """Returns the drafts by kind. Raises TicketAppError."""
        return {each.kind: each for each in await call_service(own_drafts, ticket_id)}

    async def _store(self, ticket_id: int, new: DraftWrite) -> Outcome:
        """Saves a draft. Raises TicketAppError."""
        return await call_service(save_draft, ticket_id, new)


def _base(revision: Any) -> int | None:
    """Returns the revision that a hidden field says; None if the box was not met yet."""
    text = text_of(revision, 19)
    return int(text) if text.isascii() and text.isdecimal() else None


def storable(text: Any) -> str:
    """Returns the text of a field, as a draft has it."""
    return text_of(text, DRAFT_MAX).replace("\x00", "")


def page_name() -> str:
    """Returns the name of this page, which it keeps when it is loaded again. It is no secret."""
    return sha256(EventContext.get().token.encode()).hexdigest()[:WRITER_MAX]


def new_key() -> str:
    """Returns a new idempotency key for a message."""
    return secrets.token_urlsafe(16)
