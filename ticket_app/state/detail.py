"""The one ticket of the queue that is unfolded: its whole text, its history, its suggestions."""

from collections.abc import Sequence
from dataclasses import dataclass

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError
from ticket_app.schemas import SuggestionPublic, TicketEventPublic
from ticket_app.services import tickets
from ticket_app.state.asking import ask, ticket_id_of
from ticket_app.state.live import Live
from ticket_app.state.notices import told_failure
from ticket_app.theme import ENGINE_WORDS, FIELD_WORDS, word_for
from ticket_app.vocabulary import EventKind, TriageField

SHOWN = 12
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


class Detail(Live, rx.State):
    """Which ticket is unfolded (0: none), and what is shown of it."""

    ticket_id: int = 0
    description: str = ""
    requester_name: str = ""
    requester_email: str = ""
    category_engine: str = ""
    priority_engine: str = ""
    history: list[Line] = []
    suggestions: list[Line] = []

    @rx.event
    async def unfold(self, ticket_id: int) -> EventSpec | None:
        """Show a ticket; the same one again folds it."""
        try:
            chosen = ticket_id_of(ticket_id)
            if chosen == self.ticket_id:
                self.ticket_id = 0
                return None
            await self._read(chosen)
        except TicketAppError as error:
            return told_failure(error.detail)
        return None

    @rx.event
    def fold(self) -> None:
        """Show none."""
        self.ticket_id = 0

    async def _read(self, ticket_id: int) -> None:
        ticket = await ask(tickets.get_ticket, ticket_id)
        events = await ask(tickets.ticket_history, ticket_id)
        proposed = await ask(tickets.ticket_suggestions, ticket_id)
        self.ticket_id = ticket_id
        self.description = ticket.description
        self.requester_name = ticket.requester_name or ""
        self.requester_email = ticket.requester_email or ""
        self.history = [_event_line(event) for event in events[:SHOWN]]
        newest_first = sorted(proposed, key=_place)
        self.suggestions = [_suggestion_line(one) for one in newest_first[:SHOWN]]
        self.category_engine = _proposer(newest_first, TriageField.CATEGORY, ticket.category)
        self.priority_engine = _proposer(newest_first, TriageField.PRIORITY, ticket.priority)

    async def _refresh(self) -> None:
        async with self:
            if self.ticket_id:
                try:
                    await self._read(self.ticket_id)
                except TicketAppError:
                    self.ticket_id = 0  # deleted meanwhile: its row goes too


def _place(suggestion: SuggestionPublic) -> tuple[float, int]:
    """The newest answer first, its fields in the vocabulary's order."""
    return -suggestion.created_at.timestamp(), FIELDS.index(suggestion.field)


def _proposer(newest_first: Sequence[SuggestionPublic], field: TriageField, value: str) -> str:
    """The engine that last proposed the value which this field has; empty if none did."""
    engines = (one.engine for one in newest_first if (one.field, one.value) == (field, value))
    engine = next(engines, "")
    return ENGINE_WORDS.get(engine, engine)


def _event_line(event: TicketEventPublic) -> Line:
    edge, at = EDGE_WORDS[event.edge], event.created_at.isoformat()
    if event.field is None:
        return Line(KIND_WORDS[event.kind], note=edge, at=at)
    if event.field in LONG_FIELDS:
        return Line(f"{FIELD_WORDS[event.field]} rewritten", note=edge, at=at)
    old, new = (word_for(event.field, value) for value in (event.old_value, event.new_value))
    return Line(FIELD_WORDS[event.field], old, new, edge, at)


def _sureness(confidence: float | None) -> str:
    return "" if confidence is None else f", {confidence:.0%} sure"


def _suggestion_line(suggestion: SuggestionPublic) -> Line:
    field = suggestion.field
    engine = ENGINE_WORDS.get(suggestion.engine, suggestion.engine)
    return Line(
        FIELD_WORDS[field],
        new=word_for(field, suggestion.value),
        note=f"{engine}{_sureness(suggestion.confidence)}",
        # A title quotes the text anyway.
        quotes=() if field is TriageField.TITLE else suggestion.evidence,
    )
