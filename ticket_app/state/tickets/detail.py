"""The unfolded tickets of the queue: their full texts, histories and suggestions."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlencode

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import TicketAppError, TicketNotFoundError
from ticket_app.schemas.assignees import PARTICIPANT
from ticket_app.schemas.tickets import TicketEventPublic, TicketPublic
from ticket_app.schemas.triage import SuggestionPublic
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets import listing
from ticket_app.state.connection.returning import Returning
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.event_arguments import ticket_id_of
from ticket_app.state.notices import failure_notice
from ticket_app.state.service_calls import call_service
from ticket_app.state.tickets.evidence import PHRASES_MAX, Part, parts_of
from ticket_app.state.tickets.queue import Queue
from ticket_app.theme import ENGINE_WORDS, field_word, word_for
from ticket_app.vocabulary import DecidedBy, EventKind, TriageField

SHOWN = 12
IDS_LONGEST = 100
UNFOLDED_MAX = 4
"""Tickets unfolded at once. Each is read after every change, so a fifth one folds the oldest."""
KIND_WORDS = {
    EventKind.CREATED: "Filed",
    EventKind.DELETED: "Deleted",
    EventKind.RESTORED: "Restored",
    EventKind.ERASED: "Personal data erased",
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

    Values are separate from the words around them, because each may run from right to left. `at` is
    in ISO 8601. `quotes` are words of the ticket, `who` is the person who acted.
    """

    what: str
    old: str = ""
    new: str = ""
    note: str = ""
    at: str = ""
    quotes: tuple[str, ...] = ()
    who: str = ""


@dataclass(frozen=True)
class Unfolded:
    """The content below the row of an unfolded ticket. `title` and `description` are in parts, with
    the evidence of the triage marked. `others_at` is the address of the queue with
    all tickets of its requester, and `assignee` the number of who cares for it (0: nobody)."""

    title: list[Part]
    description: list[Part]
    requester_name: str
    requester_email: str
    category_engine: str
    priority_engine: str
    others_at: str = ""
    assignee: int = 0
    history: list[Line] = field(default_factory=list)
    suggestions: list[Line] = field(default_factory=list)


class Detail(Returning, Subscribed, rx.State):
    """The unfolded tickets by their ids, the latest last.

    Unfolding a ticket folds no other, because that would move what is under the pointer.
    """

    needs: ClassVar[Verb | None] = Verb.CHANGE_TICKETS

    unfolded: dict[str, Unfolded] = {}
    ids: str = rx.SessionStorage("")

    _loaded: bool = False

    @rx.event
    async def load(self) -> None:
        """Unfolds the tickets of this page's last visit, after a reload or on another process."""
        shown = self.unfolded
        for key in () if shown else self.ids[:IDS_LONGEST].split(",")[:UNFOLDED_MAX]:
            if key.isdecimal():
                with suppress(TicketAppError):  # a deleted ticket stays folded
                    shown = shown | {key: await read_unfolded(ticket_id_of(int(key)))}
        self._show(shown)
        self._loaded = True

    @rx.event
    async def unfold(self, ticket_id: int) -> EventSpec | None:
        """Unfolds a ticket."""
        try:
            chosen = ticket_id_of(ticket_id)
            if str(chosen) in self.unfolded:
                return None
            shown = self.unfolded | {str(chosen): await read_unfolded(chosen)}
        except TicketAppError as error:
            return failure_notice(error.detail)
        self._show(dict(list(shown.items())[-UNFOLDED_MAX:]))
        return None

    @rx.event
    def fold(self, ticket_id: int) -> None:
        """Folds a ticket."""
        self._show({key: one for key, one in self.unfolded.items() if key != str(ticket_id)})

    def _is_read(self) -> bool:
        return self._loaded

    async def _refresh(self) -> None:
        async with self:
            if not self._loaded:
                return  # `load` restores the unfolded tickets first
            rows = {row.id for row in (await self.get_state(Queue)).rows} if self.unfolded else ()
            shown = {}
            for key, before in self.unfolded.items():
                try:
                    shown[key] = await read_unfolded(int(key))
                except TicketNotFoundError:
                    if int(key) in rows:  # it was deleted, but its row is still shown
                        shown[key] = before
                except TicketAppError:
                    shown[key] = before  # the list shows the error
            self._show(shown)

    def _show(self, shown: dict[str, Unfolded]) -> None:
        # Reflex sends a var that is set, even if it is unchanged.
        if shown != self.unfolded or not self._loaded:
            self.unfolded, self.ids = shown, ",".join(shown)


async def read_unfolded(ticket_id: int) -> Unfolded:
    """Returns what is shown of a ticket beside its row. Raises TicketAppError."""
    ticket = await call_service(listing.get_ticket, ticket_id)
    events = await call_service(listing.ticket_history, ticket_id)
    newest_first = sorted(await call_service(listing.ticket_suggestions, ticket_id), key=_place)
    undecided = _undecided(ticket, newest_first)
    return Unfolded(
        title=parts_of(ticket.title, undecided),
        description=parts_of(ticket.description, undecided),
        requester_name=ticket.requester_name or "",
        requester_email=ticket.requester_email or "",
        category_engine=_proposer(newest_first, TriageField.CATEGORY, ticket.category),
        priority_engine=_proposer(newest_first, TriageField.PRIORITY, ticket.priority),
        others_at=_tickets_of(ticket.requester_email),
        assignee=ticket.assignee_id or 0,
        history=[event_line(event) for event in events[:SHOWN]],
        suggestions=[_suggestion_line(one) for one in newest_first[:SHOWN]],
    )


def _undecided(
    ticket: TicketPublic, suggestions: Sequence[SuggestionPublic]
) -> list[SuggestionPublic]:
    """Leaves out what a person has decided, which needs no reasons any more."""
    by = {TriageField.CATEGORY: ticket.category_by, TriageField.PRIORITY: ticket.priority_by}
    return [one for one in suggestions if by.get(one.field) is not DecidedBy.PERSON]


def _tickets_of(address: str | None) -> str:
    return f"/?{urlencode({'requester': address})}" if address else ""


def _place(suggestion: SuggestionPublic) -> tuple[float, int]:
    """Sorts the newest suggestion first, then by the vocabulary's order of fields."""
    return -suggestion.created_at.timestamp(), FIELDS.index(suggestion.field)


def _proposer(newest_first: Sequence[SuggestionPublic], field: TriageField, value: str) -> str:
    """Returns the engine that last proposed the field's present value, and how sure it was; empty
    if none did."""
    wanted = (one for one in newest_first if (one.field, one.value) == (field, value))
    found = next(wanted, None)
    return _engine_of(found) if found else ""


def event_line(event: TicketEventPublic) -> Line:
    how = {
        "note": EDGE_WORDS.get(event.edge, event.edge),
        "at": event.created_at.isoformat(),
        "who": event.actor_name or "",
    }
    if event.field is None:
        return Line(KIND_WORDS.get(event.kind, event.kind), **how)
    if event.field in LONG_FIELDS:
        return Line(f"{field_word(event.field)} rewritten", **how)
    if event.field == PARTICIPANT:
        is_added = event.new_value is not None
        name = (event.new_name if is_added else event.old_name) or ""
        return Line("Copied" if is_added else "No longer copied", new=name, **how)
    old = event.old_name or word_for(event.field, event.old_value)
    new = event.new_name or word_for(event.field, event.new_value)
    return Line(field_word(event.field), old, new, **how)


def _sureness(confidence: float | None) -> str:
    return "" if confidence is None else f", {confidence:.0%} sure"


def _engine_of(suggestion: SuggestionPublic) -> str:
    engine = ENGINE_WORDS.get(suggestion.engine, suggestion.engine)
    return f"{engine}{_sureness(suggestion.confidence)}"


def _suggestion_line(suggestion: SuggestionPublic) -> Line:
    field = suggestion.field
    return Line(
        field_word(field),
        new=word_for(field, suggestion.value),
        note=_engine_of(suggestion),
        # A title quotes the text anyway.
        quotes=() if field is TriageField.TITLE else suggestion.evidence[:PHRASES_MAX],
    )
