"""The tickets of the queue that are unfolded: their whole texts, histories and suggestions."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError, TicketNotFoundError
from ticket_app.schemas.tickets import TicketEventPublic
from ticket_app.schemas.triage import SuggestionPublic
from ticket_app.services.tickets import listing
from ticket_app.state.asking import ask, ticket_id_of
from ticket_app.state.live import Live
from ticket_app.state.notices import told_failure
from ticket_app.state.queue import Queue
from ticket_app.state.returning import Returning
from ticket_app.theme import ENGINE_WORDS, field_word, word_for
from ticket_app.vocabulary import EventKind, TriageField

SHOWN = 12
IDS_LONGEST = 100
UNFOLDED_MAX = 4
"""Each is read again after every change; the one that was unfolded first makes room."""
KIND_WORDS = {
    EventKind.CREATED: "Filed",
    EventKind.DELETED: "Deleted",
    EventKind.RESTORED: "Restored",
}
EDGE_WORDS = {
    "browser": "in the browser",
    "rest": "over REST",
    "cli": "by command",
    "triage": "by triage",
}
FIELDS = list(TriageField)
LONG_FIELDS = ("title", "description")


@dataclass(frozen=True)
class Line:
    """One line of the history or of the suggestions.

    Values are apart from the words around them: each may run from right to left. `at` is in
    ISO 8601, `quotes` are words of the ticket.
    """

    what: str
    old: str = ""
    new: str = ""
    note: str = ""
    at: str = ""
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unfolded:
    """What is shown of a ticket below its row."""

    description: str
    requester_name: str
    requester_email: str
    category_engine: str
    priority_engine: str
    history: list[Line] = field(default_factory=list)
    suggestions: list[Line] = field(default_factory=list)


class Detail(Returning, Live, rx.State):
    """Which tickets are unfolded, by their ids, the one that was unfolded last at the end.

    Unfolding one folds no other: what is below it would move under the pointer.
    """

    unfolded: dict[str, Unfolded] = {}
    ids: str = rx.SessionStorage("")

    _loaded: bool = False

    @rx.event
    async def load(self) -> None:
        """Unfold what the page had unfolded before it loaded anew, or met another process."""
        shown = self.unfolded
        for key in () if shown else self.ids[:IDS_LONGEST].split(",")[:UNFOLDED_MAX]:
            if key.isdecimal():
                with suppress(TicketAppError):  # it is no more: it stays folded
                    shown = shown | {key: await _read(ticket_id_of(int(key)))}
        self._show(shown)
        self._loaded = True

    @rx.event
    async def unfold(self, ticket_id: int) -> EventSpec | None:
        """Show a ticket."""
        try:
            chosen = ticket_id_of(ticket_id)
            if str(chosen) in self.unfolded:
                return None
            shown = self.unfolded | {str(chosen): await _read(chosen)}
        except TicketAppError as error:
            return told_failure(error.detail)
        self._show(dict(list(shown.items())[-UNFOLDED_MAX:]))
        return None

    @rx.event
    def fold(self, ticket_id: int) -> None:
        """Show this one no longer."""
        self._show({key: one for key, one in self.unfolded.items() if key != str(ticket_id)})

    def _is_read(self) -> bool:
        return self._loaded

    async def _refresh(self) -> None:
        async with self:
            if not self._loaded:
                return  # `load` knows what was unfolded, and this does not
            rows = {row.id for row in (await self.get_state(Queue)).rows} if self.unfolded else ()
            shown = {}
            for key, before in self.unfolded.items():
                try:
                    shown[key] = await _read(int(key))
                except TicketNotFoundError:
                    if int(key) in rows:  # deleted meanwhile, and still standing in its place
                        shown[key] = before
                except TicketAppError:
                    shown[key] = before  # the list says what is wrong
            self._show(shown)

    def _show(self, shown: dict[str, Unfolded]) -> None:
        # A var that is set is sent, even when nothing in it changed.
        if shown != self.unfolded or not self._loaded:
            self.unfolded, self.ids = shown, ",".join(shown)


async def _read(ticket_id: int) -> Unfolded:
    ticket = await ask(listing.get_ticket, ticket_id)
    events = await ask(listing.ticket_history, ticket_id)
    newest_first = sorted(await ask(listing.ticket_suggestions, ticket_id), key=_place)
    return Unfolded(
        description=ticket.description,
        requester_name=ticket.requester_name or "",
        requester_email=ticket.requester_email or "",
        category_engine=_proposer(newest_first, TriageField.CATEGORY, ticket.category),
        priority_engine=_proposer(newest_first, TriageField.PRIORITY, ticket.priority),
        history=[_event_line(event) for event in events[:SHOWN]],
        suggestions=[_suggestion_line(one) for one in newest_first[:SHOWN]],
    )


def _place(suggestion: SuggestionPublic) -> tuple[float, int]:
    """The newest answer first, its fields in the vocabulary's order."""
    return -suggestion.created_at.timestamp(), FIELDS.index(suggestion.field)


def _proposer(newest_first: Sequence[SuggestionPublic], field: TriageField, value: str) -> str:
    """The engine that last proposed the value which this field has; empty if none did."""
    engines = (one.engine for one in newest_first if (one.field, one.value) == (field, value))
    engine = next(engines, "")
    return ENGINE_WORDS.get(engine, engine)


def _event_line(event: TicketEventPublic) -> Line:
    edge, at = EDGE_WORDS.get(event.edge, event.edge), event.created_at.isoformat()
    if event.field is None:
        return Line(KIND_WORDS.get(event.kind, event.kind), note=edge, at=at)
    if event.field in LONG_FIELDS:
        return Line(f"{field_word(event.field)} rewritten", note=edge, at=at)
    old, new = (word_for(event.field, value) for value in (event.old_value, event.new_value))
    return Line(field_word(event.field), old, new, edge, at)


def _sureness(confidence: float | None) -> str:
    return "" if confidence is None else f", {confidence:.0%} sure"


def _suggestion_line(suggestion: SuggestionPublic) -> Line:
    field = suggestion.field
    engine = ENGINE_WORDS.get(suggestion.engine, suggestion.engine)
    return Line(
        field_word(field),
        new=word_for(field, suggestion.value),
        note=f"{engine}{_sureness(suggestion.confidence)}",
        # A title quotes the text anyway.
        quotes=() if field is TriageField.TITLE else suggestion.evidence,
    )
