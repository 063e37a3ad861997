"""The form for a new ticket: what is wrong with it, and what the triage suggests while one types.

The typed text lives in the browser's own fields: no answer of the server, and no reconnection,
overwrites it. They are emptied once a ticket is filed.
"""

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import InvalidInputError, TicketAppError
from ticket_app.schemas import Described, TicketCreate, parse
from ticket_app.services import filing
from ticket_app.services.triage import suggest_triage
from ticket_app.state.asking import ask, text_of
from ticket_app.theme import ENGINE_WORDS, OUTCOME_WORDS, word_for
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import (
    DESCRIPTION_MAX,
    TITLE_MAX,
    Category,
    Edge,
    Priority,
    TriageField,
)

CHOICES = {"category": ("", *Category), "priority": ("", *Priority)}
TYPED = ("title", "description", "requester_name", "requester_email")


class Form(rx.State):
    """`category` and `priority` are what the selects show: the person's choice or a suggestion."""

    shown: bool = False
    errors: dict[str, str] = {}
    problem: str = ""
    filed: int = 0
    thinking: bool = False
    category: str = ""
    priority: str = ""
    category_suggested: bool = False
    priority_suggested: bool = False
    engine: str = ""
    sure: str = ""
    fell_back: str = ""
    reasons: list[str] = []
    proposed_title: str = ""
    naming: bool = False

    filing: bool = False

    _coming: bool = False
    _title: str = ""
    _text: str = ""
    _filed_text: str = ""
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
    def arrive(self) -> list[EventSpec]:
        """The form has just been drawn: what was typed into the one before is put back.

        No on_load event: that comes with each reconnection, when the browser is further on.
        """
        drafts = {"title": self._title, "description": self._text}
        events = [rx.set_value(name, text) for name, text in drafts.items() if text]
        if self._coming:
            self._coming = False
            events.append(rx.set_focus("title"))
        return events

    @rx.event
    def entitle(self, text: str) -> None:
        """The title as it stands when its field is left."""
        self._title = text_of(text, TITLE_MAX * 2)

    @rx.event
    def close(self) -> None:
        """Put the sheet away on a small screen; what was typed stays."""
        self.shown = False

    @rx.event
    def choose(self, field: str, value: str) -> None:
        """The person's own choice; an empty one hands the field back to the triage."""
        if field not in tuple(CHOICES) or value not in CHOICES[field]:
            return
        setattr(self, field, str(value))
        setattr(self, f"{field}_suggested", False)
        if not value:
            self._show_suggestion()

    @rx.event
    def describe(self, text: str) -> EventSpec | None:
        """The description as it stands, 800 ms after the last key or when the field is left."""
        text = text_of(text, DESCRIPTION_MAX + 1)
        if text == self._text or len(text) > DESCRIPTION_MAX:
            return None  # the form says so when it is sent
        if text and text == self._filed_text:
            return None  # the last keys of a ticket that was filed at once
        self._text, self._seen = text, None
        if not self._text.strip():
            self._forget()
            return None
        return Form.suggest(self._text)

    @rx.event(background=True, supersedes=True)
    async def suggest(self, text: str) -> None:
        """Ask the triage; a newer call ends this one."""
        try:
            described = parse(Described, {"description": text})
        except InvalidInputError:
            async with self:
                self.thinking = False
            return  # too long or no text: the form says so when it is sent
        async with self:
            self.thinking = True
        triage = await suggest_triage(described)
        async with self:
            self.thinking = False
            if text == self._text:  # filed or rewritten in the meantime
                self._seen = triage
                self._show_suggestion()

    @rx.event(background=True, supersedes=True)
    async def propose_title(self) -> None:
        """Ask for a title; it is shown, and taken only by `take_title`."""
        async with self:
            text = self._text
            if self._seen is not None:  # the suggestion for this very text has a title, too
                self.proposed_title = self._seen.title.value
                return
            self.naming = True
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
    def take_title(self) -> EventSpec | None:
        """The person takes the proposed title."""
        self._title, self.proposed_title = self.proposed_title, ""
        return rx.set_value("title", self._title)

    @rx.event
    async def submit(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        """File the ticket; on any error everything typed stays where it is."""
        if self.filing:
            return  # a second click, while the first one files it
        self.filing = True
        yield
        try:
            yield await self._file(_typed(data))
        finally:
            self.filing = False

    async def _file(self, typed: dict[str, Any]) -> EventSpec | list[EventSpec] | None:
        chosen = {
            name: getattr(self, name)
            for name in ("category", "priority")
            if getattr(self, name) and not getattr(self, f"{name}_suggested")
        }
        self.errors, self.problem = {}, ""
        try:
            new = parse(TicketCreate, typed | chosen)
            seen = self._seen if new.description == self._text else None
            request = filing.Request(new, seen=seen)
            ticket = (await ask(filing.file_once, request, Edge.BROWSER)).ticket
        except InvalidInputError as error:
            self.errors = dict(error.problems)
            return rx.set_focus(error.problems[0].field)
        except TicketAppError as error:
            self.problem = f"{error.detail} Your text is kept."
            return None
        self._clear()
        self._filed_text = new.description
        self.filed = ticket.id
        return [rx.set_value(name, "") for name in TYPED]

    def _clear(self) -> None:
        self.shown = False
        self.category = self.priority = self._title = self._text = self.proposed_title = ""
        self._forget()

    def _forget(self) -> None:
        """Drop the suggestion, and whatever it had filled in."""
        self._seen, self.engine, self.sure, self.reasons = None, "", "", []
        self.fell_back = ""
        for field in ("category", "priority"):
            if getattr(self, f"{field}_suggested"):
                setattr(self, field, "")
                setattr(self, f"{field}_suggested", False)

    def _show_suggestion(self) -> None:
        """Fill in what the person has not chosen."""
        if (seen := self._seen) is None:
            return
        for field, finding in (("category", seen.category), ("priority", seen.priority)):
            if not getattr(self, field) or getattr(self, f"{field}_suggested"):
                setattr(self, field, str(finding.value))
                setattr(self, f"{field}_suggested", True)
        proposers = _proposers(seen)
        self.engine = " and ".join(dict.fromkeys(proposers.values()))
        self.fell_back = OUTCOME_WORDS.get(seen.failure or "", seen.failure or "")
        self.sure = _sureness(seen, proposers)
        phrases = dict.fromkeys((*seen.category.evidence, *seen.priority.evidence))
        self.reasons = [f"“{phrase}”" for phrase in phrases]


def _proposers(seen: Triage) -> dict[str, str]:
    """The word for the engine that proposed each field."""
    engines = {
        field.value: seen.source(field).engine
        for field in (TriageField.CATEGORY, TriageField.PRIORITY)
    }
    return {field: ENGINE_WORDS.get(engine, engine) for field, engine in engines.items()}


def _sureness(seen: Triage, proposers: dict[str, str]) -> str:
    """How sure the engine is of what it suggests; a provider that does not say is not quoted."""
    findings = {"category": seen.category, "priority": seen.priority}
    said = {
        field: f"{word_for(field, finding.value)} {finding.confidence:.0%}"
        for field, finding in findings.items()
        if finding.confidence is not None
    }
    if len(set(proposers.values())) > 1:
        return ", ".join(f"{words} sure ({proposers[field]})" for field, words in said.items())
    return f"{', '.join(said.values())} sure" if said else ""


def _typed(data: Any) -> dict[str, Any]:
    """The form's own fields of what was sent, which anyone may have sent."""
    return {name: data[name] for name in TYPED if name in data} if isinstance(data, dict) else {}
