"""The entries of a conversation in one order of time: messages, and runs of changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from ticket_app.schemas.conversation import MessagePublic
from ticket_app.schemas.tickets import TicketEventPublic
from ticket_app.services.conversation.holding import Held
from ticket_app.services.conversation.paging import ConversationPage
from ticket_app.state.attachments.files import File, files_by_link, files_of
from ticket_app.state.conversation.markdown import html_of
from ticket_app.state.tickets.detail import Line, event_line
from ticket_app.vocabulary import Side, Who

CHANGES = "changes"
"""The kind of an entry that is a run of changes. The other kinds are those of messages."""
TEAM = "This desk"
"""Whoever writes for the team without an account."""
REQUESTER = "Requester"
"""A requester without a name and an address."""
WAITS = "Sends in a few seconds"
CROSSED = "Somebody wrote meanwhile. "
OF_TRIAGE = "triage"


@dataclass(frozen=True)
class Entry:
    """One entry. `key` is its own in the conversation, and `number` that of a message (0: none).

    `at` is in ISO 8601; of a run it is the time of its last change. `html` is that of a message.
    `summary` is the sentence of a run, and `lines` are its changes.
    """

    key: str
    kind: str
    at: str
    number: int = 0
    side: str = ""
    author: str = ""
    html: str = ""
    summary: str = ""
    lines: list[Line] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


@dataclass(frozen=True)
class HeldEntry:
    """A message of the reader's own that can still be taken back. `waits` says what comes of it."""

    id: int
    kind: str
    html: str
    waits: str
    files: list[File] = field(default_factory=list)


def held_entry_of(held: Held, written_at: datetime | None = None) -> HeldEntry:
    """Returns a held message as its author sees it. `written_at` is when others wrote last."""
    waits = "Sends in a few seconds, and resolves the ticket" if held.resolves else WAITS
    if written_at is not None and written_at > held.sent_at:
        waits = CROSSED + waits
    return HeldEntry(held.id, held.kind, html_of(held.body), waits, files_of(held.attachments))


def entries_of(page: ConversationPage, requester: str, team: str = TEAM) -> list[Entry]:
    """Returns the entries of a page, oldest first. `requester` and `team` are the names of whoever
    writes without one.

    A message comes before the changes that it made.
    """
    in_order = sorted((*page.messages, *page.changes), key=_place)
    entries: list[Entry] = []
    for _, group in groupby(in_order, key=lambda each: isinstance(each, MessagePublic)):
        found = list(group)
        changes = [each for each in found if isinstance(each, TicketEventPublic)]
        entries += [_run(changes)] if changes else []
        entries += [
            said_entry(each, requester, team) for each in found if isinstance(each, MessagePublic)
        ]
    return entries


def _place(each: MessagePublic | TicketEventPublic) -> tuple[datetime, bool]:
    return each.created_at, isinstance(each, TicketEventPublic)


def said_entry(message: MessagePublic, requester: str, team: str = TEAM) -> Entry:
    """Returns the entry of a message."""
    by_team = message.side is Side.TEAM
    return Entry(
        key=f"message-{message.id}",
        kind=message.kind,
        at=message.created_at.isoformat(),
        number=message.id,
        side=message.side,
        author=message.author or (team if by_team else requester or REQUESTER),
        html=html_of(message.body),
        files=files_of(message.attachments),
    )


def by_link(entries: Sequence[Entry], signature: str) -> list[Entry]:
    """Returns the entries for the holder of a signed link, with addresses that its key opens."""
    return [
        replace(each, files=files_by_link(each.files, signature)) if each.files else each
        for each in entries
    ]


def _run(changes: Sequence[TicketEventPublic]) -> Entry:
    last = changes[-1]
    return Entry(
        key=f"changes-{changes[0].created_at.isoformat()}",
        kind=CHANGES,
        at=last.created_at.isoformat(),
        summary=_summary(changes),
        lines=[event_line(each) for each in changes],
    )


def _summary(changes: Sequence[TicketEventPublic]) -> str:
    """Returns for example "3 changes by Ana and triage"."""
    names = [*dict.fromkeys(name for each in changes if (name := _who(each)))]
    count = "1 change" if len(changes) == 1 else f"{len(changes)} changes"
    if not names:
        return count
    *others, last = names
    return f"{count} by {', '.join(others)} and {last}" if others else f"{count} by {last}"


def _who(change: TicketEventPublic) -> str:
    return OF_TRIAGE if change.actor is Who.TRIAGE else change.actor_name or ""
