"""The form for a new ticket: what is wrong with it, and what the triage suggests while one types.

What is typed and chosen lives in the browser's own fields: no answer of the server, and no
reconnection, overwrites it. They are emptied once a ticket is filed. A hidden field has the form's
idempotency key, so that a form is filed once, however often it is sent: see decision 0021.
"""

from collections.abc import AsyncIterator
from time import time
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import IdempotencyKeyReusedError, InvalidInputError, TicketAppError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.schemas.triage import Described
from ticket_app.services.tickets import filing
from ticket_app.services.triage.suggesting import suggest_triage
from ticket_app.state import sent, told
from ticket_app.state.asking import ask, text_of
from ticket_app.state.notices import Notice
from ticket_app.state.sent import CHOICES, FIELDS, KEY, LONGEST, OFFERED, ROOM, Sent, without
from ticket_app.theme import OUTCOME_WORDS
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import DESCRIPTION_MAX, Edge

NEAR = 0.9
"""From this part of its limit on, a text is counted."""
AGAIN_SECONDS = 3.0
"""A second press and the last keys may come when the form has just been emptied: no new ticket."""


class Form(rx.State):
    """`ready` once the form has its key; `counts` are words about texts near their limit.

    The keys of backend vars are the form's fields: `_draft` what is known of the texts, `_chosen`
    of a person's choices, `_offered` of the suggestions that stand in the selects.
    """

    ready: bool = False
    shown: bool = False
    errors: dict[str, str] = {}
    counts: dict[str, str] = {}
    problem: str = ""
    filed: int = 0
    filing: bool = False
    thinking: bool = False
    category_suggested: bool = False
    priority_suggested: bool = False
    engine: str = ""
    sure: str = ""
    fell_back: str = ""
    reasons: list[str] = []
    proposed_title: str = ""
    naming: bool = False

    _coming: bool = False
    _key: str = ""
    _draft: dict[str, str] = {}
    _chosen: dict[str, str] = {}
    _offered: dict[str, str] = {}
    _filed: dict[str, str] = {}
    _emptied: tuple[str, str] = ("", "")
    _emptied_at: float = 0.0
    _seen: Triage | None = None

    @rx.event
    def start(self, narrow: bool = False) -> EventSpec | None:
        """Lead to the form, wherever the person is; in a narrow window it is a sheet."""
        self.shown = narrow is True
        if self.router.url.path == "/":
            return None if self.shown else rx.set_focus("title")
        self._coming = True
        return rx.redirect("/")

    @rx.event
    def close(self) -> None:
        """Put the sheet away on a small screen; what was typed stays."""
        self.shown = False

    @rx.event
    def meet(self, held: dict[str, Any]) -> list[EventSpec]:
        """The form was drawn, or its server is a new one: what either knows, the other learns.

        Where both know something the browser is right: a person may type before the scripts have
        come, and longer than a server lives. No on_load event: that comes with each reconnection.
        """
        fields = sent.read(held)
        texts = {name: text for name, text in fields.drafts.items() if text}
        picked = fields.chosen | fields.suggested
        known = {name: text for name, text in self._draft.items() if name not in texts}
        self._key = fields.key or self._key or sent.new_key()
        self._draft = known | texts
        self._chosen = without(self._chosen, picked) | sent.known_choices(fields.chosen)
        self._offered = without(self._offered, picked) | fields.suggested
        self._mark_suggested()
        self.ready = True
        put = known | {KEY: self._key}
        events = [rx.set_value(name, value) for name, value in put.items() if value]
        here_only = without(self._chosen | self._offered, picked)
        events += [each for field in here_only for each in self._put(field)]
        if "description" in texts and self._seen is None:
            events.append(Form.suggest(texts["description"]))
        if self._coming:
            self._coming = False
            events.append(rx.set_focus("title"))
        return events

    @rx.event
    def write(self, field: str, text: str) -> None:
        """A text as it stands, a moment after the last key or when its field is left."""
        if field in tuple(LONGEST):
            text = text_of(text, LONGEST[field] * ROOM)
            if self._is_late(field, text):
                return
            self._draft = self._draft | {field: text}
            self._look_at(field)

    @rx.event
    def choose(self, field: str, value: str, offered: str = "") -> list[EventSpec]:
        """The person's own choice; an empty one hands the field back to the triage.

        `offered` is the suggestion that stood in the select. Where it is not the last one, that one
        is still on its way, and would take the place of the choice.
        """
        if field not in tuple(CHOICES) or value not in ("", *CHOICES[field]):
            return []
        overtaken = self._offered.get(field, "") != offered
        self._chosen = without(self._chosen, [field]) | ({field: str(value)} if value else {})
        self._offered = without(self._offered, [field])
        self._mark_suggested()
        if not value:
            return self._show_suggestion()
        return self._put(field) if overtaken else []

    @rx.event
    def describe(self, text: str) -> EventSpec | None:
        """The description as it stands, 800 ms after the last key or when the field is left."""
        text = text_of(text, DESCRIPTION_MAX * ROOM)
        if text == self._draft.get("description", "") or self._is_late("description", text):
            return None
        self._draft = self._draft | {"description": text}
        self._look_at("description")
        self._seen = None
        if len(text) > DESCRIPTION_MAX:
            return None  # the counter says so
        return Form.suggest(text)

    @rx.event(background=True, supersedes=True)
    async def suggest(self, text: str) -> list[EventSpec]:
        """Ask the triage; a newer call ends this one."""
        try:
            described = parse(Described, {"description": text})
        except InvalidInputError:
            async with self:
                self.thinking = False
                return self._forget()
        async with self:
            self.thinking = True
        triage = await suggest_triage(described)
        async with self:
            self.thinking = False
            if text != self._draft.get("description"):  # filed or rewritten in the meantime
                return []
            self._seen = triage
            return self._show_suggestion()

    @rx.event(background=True, supersedes=True)
    async def propose_title(self) -> None:
        """Ask for a title; it is shown, and taken only by `take_title`."""
        async with self:
            text = self._draft.get("description", "")
            if self._seen is not None:  # the suggestion for this very text has a title, too
                self.proposed_title = self._seen.title.value
                return
            self.naming, self.proposed_title = True, ""
        try:
            triage = await suggest_triage(parse(Described, {"description": text}))
        except InvalidInputError as error:
            async with self:
                self.naming = False
                self.errors = self.errors | {"description": error.problems[0].message}
            return
        async with self:
            self.naming = False
            self.proposed_title = triage.title.value

    @rx.event
    def take_title(self, proposed: str) -> EventSpec:
        """The person takes the proposed title."""
        title, self.proposed_title = text_of(proposed, LONGEST["title"]), ""
        self.write("title", title)
        return rx.set_value("title", title)

    @rx.event
    async def submit(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        """File what the form shows; on any error everything typed stays where it is."""
        fields = sent.read(data)
        if fields.is_empty and self._just_emptied():
            yield self._tell_filed()
            return
        self.filing = True
        yield
        try:
            yield await self._file(fields)
        finally:
            self.filing = False

    async def _file(self, fields: Sent) -> EventSpec | list[EventSpec]:
        key = fields.key or self._key
        self.errors, self.problem = {}, ""
        try:
            new = parse(TicketCreate, fields.texts | fields.chosen)
            seen = self._seen if new.description == self._draft.get("description") else None
            request = filing.Request(new, key or None, seen, fields.suggested)
            done = await ask(filing.file_once, request, Edge.BROWSER)
        except InvalidInputError as error:
            self.errors = dict(error.problems)
            return rx.set_focus(error.problems[0].field)
        except IdempotencyKeyReusedError as error:
            return self._keep_as_another(fields, error.ticket_id)
        except TicketAppError as error:
            self.problem = f"{error.detail} Your text is kept."
            return []
        self.filed = done.ticket.id
        here = (key, self.router.session.session_id)
        if done.replayed and self._emptied == here:
            return self._tell_filed()  # this connection has emptied the form, and a person goes on
        self._filed = fields.drafts
        self._emptied, self._emptied_at = here, time()
        return [*self._empty(), self._tell_filed()]

    def _tell_filed(self) -> EventSpec:
        return Notice.tell(f"Ticket {self.filed} is filed.", shows_ticket=self.filed)

    def _keep_as_another(self, fields: Sent, earlier: int) -> list[EventSpec]:
        """The form was filed before these last changes of it, and may have been emptied since."""
        self.problem = (
            f"Ticket {earlier} was filed from this form before your last changes. "
            "File again to put them into a ticket of their own. Your text is kept."
        )
        self._key, self._draft, self._chosen = sent.new_key(), fields.texts, fields.chosen
        self._offered = fields.suggested
        self._mark_suggested()
        put = fields.texts | {KEY: self._key}
        events = [rx.set_value(name, value) for name, value in put.items()]
        return events + [each for field in CHOICES for each in self._put(field)]

    def _empty(self) -> list[EventSpec]:
        """A form for the next ticket, with a key of its own."""
        self.shown, self.proposed_title, self.counts = False, "", {}
        self._draft, self._chosen, self._offered = {}, {}, {}
        self._key = sent.new_key()
        self._forget()
        return [rx.set_value(name, self._key if name == KEY else "") for name in FIELDS]

    def _just_emptied(self) -> bool:
        return 0 <= time() - self._emptied_at < AGAIN_SECONDS

    def _is_late(self, field: str, text: str) -> bool:
        """Whether these are the last keys of a ticket that was filed before their wait was over."""
        return bool(text) and text == self._filed.get(field) and self._just_emptied()

    def _look_at(self, field: str) -> None:
        """An error goes once it is mended; a text near its limit is counted."""
        text, most = self._draft[field], LONGEST[field]
        if field in self.errors:
            self.errors = without(self.errors, [field]) | told.problem_of(field, text)
        length = len(text if field == "description" else text.strip())
        count = {field: told.counted(length, most)} if length >= NEAR * most else {}
        if count or field in self.counts:
            self.counts = without(self.counts, [field]) | count

    def _forget(self) -> list[EventSpec]:
        """Drop the suggestion, and whatever it had filled in."""
        self._seen, self.engine, self.sure, self.reasons = None, "", "", []
        self.fell_back = ""
        offered, self._offered = self._offered, {}
        self._mark_suggested()
        return [each for field in offered for each in self._put(field)]

    def _show_suggestion(self) -> list[EventSpec]:
        """Fill in what the person has not chosen."""
        if (seen := self._seen) is None:
            return []
        found = {"category": seen.category, "priority": seen.priority}
        fresh = {field: str(found[field].value) for field in CHOICES if field not in self._chosen}
        self._offered = fresh
        self._mark_suggested()
        by = told.proposers(seen)
        self.engine = " and ".join(dict.fromkeys(by.values()))
        self.fell_back = OUTCOME_WORDS.get(seen.failure or "", seen.failure or "")
        self.sure = told.sureness(seen, by)
        self.reasons = told.reasons(seen)
        return [each for field in fresh for each in self._put(field)]

    def _mark_suggested(self) -> None:
        self.category_suggested = "category" in self._offered
        self.priority_suggested = "priority" in self._offered

    def _put(self, field: str) -> list[EventSpec]:
        """Have the browser show what is known of a select."""
        offered = self._offered.get(field, "")
        shown = self._chosen.get(field, offered)
        return [rx.set_value(field, shown), rx.set_value(OFFERED[field], offered)]
