"""The reply that a provider drafts for the ticket that is shown: it comes beside the field of the
reply, and only a press puts it there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.actor import Actor
from ticket_app.errors import TicketAppError
from ticket_app.schemas.drafting import CopiedPart, DraftedReplyPublic
from ticket_app.services.drafting.drafting import can_draft, draft_reply
from ticket_app.services.drafting.stored import open_draft, review, throw_away
from ticket_app.services.people.permission import Verb
from ticket_app.state.acting import acting
from ticket_app.state.event_arguments import number_of, text_of
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import MESSAGE_MAX

CHANGED = "You have changed the reply since. Take out of it what you do not want."
EXCERPT = 120
"""Characters of a copied part that are named below a reply."""


@dataclass(frozen=True)
class Part:
    """A part of a text. `source` is the ticket in whose replies it stands, too, or 0."""

    text: str
    source: int


class Drafted(rx.State):
    """The draft for `ticket_id`: `draft_id` is 0 without one, and `parts` are its text.

    `possible` is True if the desk has a provider. `inserted` is True while words of the draft are
    in the reply; `copied` are then the parts of the reply that stand in replies to others. `before`
    and `after` are the reply before and after the draft was put in. `written` is True if the reply
    has a text.
    """

    needs: ClassVar[Verb | None] = Verb.ASK_PROVIDER

    ticket_id: int = 0
    possible: bool = False
    asking: bool = False
    draft_id: int = 0
    by: str = ""
    body: str = ""
    parts: list[Part] = []
    sources: list[int] = []
    written: bool = False
    inserted: bool = False
    copied: list[Part] = []
    before: str = ""
    after: str = ""
    problem: str = ""

    @rx.event
    async def meet(self, ticket_id: int) -> EventSpec | None:
        """Reads the open draft of a ticket whose page is drawn. A call for another page ends."""
        ended = self._end()
        self._forget()
        self.ticket_id = number_of(ticket_id)
        await self._read()
        return ended

    @rx.event
    def leave(self, ticket_id: int) -> EventSpec | None:
        """Ends the call for a ticket whose page is left."""
        return self._end() if ticket_id == self.ticket_id else None

    @rx.event
    def ask(self, ticket_id: int) -> EventSpec | None:
        """Lets the provider draft a reply. A second press changes nothing."""
        number = number_of(ticket_id)
        if self.asking or not number:
            return None
        self._forget()
        self.ticket_id, self.asking = number, True
        return Drafted.draft(number)

    @rx.event
    def cancel(self) -> EventSpec | None:
        """Ends the call. The field stays as it is."""
        return self._end()

    @rx.event(background=True, supersedes=True)
    async def draft(self, ticket_id: int) -> None:
        """Asks the provider, if `ask` has begun it. The call before ends; 0 begins none."""
        async with self:
            if not self.asking or ticket_id != self.ticket_id:
                return
        try:
            found = await draft_reply(await acting(), ticket_id)
        except TicketAppError as error:
            async with self:
                if ticket_id == self.ticket_id:
                    self.asking, self.problem = False, error.detail
            return
        async with self:
            if ticket_id == self.ticket_id and self.asking:
                self.asking = False
                self._show(found)

    @rx.event
    def insert(self, before: str, after: str) -> None:
        """Notes that the page has put the draft into the field: its text before, and now."""
        if self.draft_id:
            self.before, self.after = (text_of(each, MESSAGE_MAX * 2) for each in (before, after))
            self.inserted, self.written, self.problem = True, True, ""
            self.copied = _excerpts(self.parts)

    @rx.event
    def undo(self, text: str) -> None:
        """Notes that the page has put back what was in the field before, unless it has changed."""
        if text == self.after:
            self.inserted, self.copied, self.after = False, [], ""
            self.written = bool(self.before.strip())
        else:
            self.problem = CHANGED

    @rx.event
    async def check(self, ticket_id: int, text: str) -> None:
        """Looks at the reply, when it has changed: for words of the draft, and for copied ones."""
        if ticket_id == self.ticket_id:
            await self._review(text_of(text, MESSAGE_MAX * 2))

    @rx.event
    async def throw_away(self) -> None:
        """Throws the draft away. The field stays as it is."""
        try:
            await call_service(throw_away, self.ticket_id, self.draft_id)
        except TicketAppError as error:
            self.problem = error.detail
            return
        self._forget()

    async def _read(self) -> None:
        """Shows the open draft of the ticket, if there is one."""
        try:
            self.possible, found = await call_service(_possible_and_open, self.ticket_id)
        except TicketAppError as error:
            self.problem = error.detail
            return
        if found is not None:
            self._show(found)

    async def _reopen(self, ticket_id: int, text: str) -> None:
        """Shows the draft that a reply has settled, because its text is in the field again."""
        if ticket_id == self.ticket_id:
            self._forget()
            await self._read()
            await self._review(text)

    async def _review(self, text: str) -> None:
        """Looks at the text of the field."""
        self.written = bool(text.strip())
        if not self.draft_id:
            return
        try:
            is_used, copied = await call_service(review, self.ticket_id, self.draft_id, text)
        except TicketAppError as error:
            self.problem = error.detail
            return
        self.inserted, self.problem = is_used, ""
        self.copied = _excerpts(_parts(text, copied)) if is_used else []

    def _show(self, draft: DraftedReplyPublic) -> None:
        self.draft_id, self.by, self.body = draft.id, draft.model, draft.body
        self.parts, self.sources = _parts(draft.body, draft.copied), draft.sources
        self.inserted, self.copied, self.problem = False, [], ""

    def _end(self) -> EventSpec | None:
        if not self.asking:
            return None
        self.asking = False
        return Drafted.draft(0)  # it supersedes the one under way

    def _forget(self) -> None:
        self.draft_id, self.by, self.body, self.problem = 0, "", "", ""
        self.parts, self.sources, self.copied = [], [], []
        self.inserted, self.before, self.after = False, "", ""


def _possible_and_open(actor: Actor, ticket_id: int) -> tuple[bool, DraftedReplyPublic | None]:
    found = open_draft(actor, ticket_id) if ticket_id else None
    return can_draft(actor), found


def _parts(text: str, copied: Sequence[CopiedPart]) -> list[Part]:
    """Returns the whole text in parts, those that are copied and those between them."""
    parts, done = [], 0
    for each in copied:
        parts += [
            Part(text[done : each.start], 0),
            Part(text[each.start : each.end], each.ticket_id),
        ]
        done = each.end
    return [part for part in (*parts, Part(text[done:], 0)) if part.text]


def _excerpts(parts: Sequence[Part]) -> list[Part]:
    return [
        Part(each.text if len(each.text) <= EXCERPT else f"{each.text[:EXCERPT]}…", each.source)
        for each in parts
        if each.source
    ]
