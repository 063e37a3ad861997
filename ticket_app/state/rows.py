"""A ticket as a page shows it: short, and in words."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ticket_app.schemas import TicketPublic
from ticket_app.theme import ENGINE_WORDS

EXCERPT = 160
EXACT = "%Y-%m-%d %H:%M:%S UTC"
STEPS = ((60, "min"), (3600, "h"), (86_400, "d"))


@dataclass(frozen=True)
class TicketRow:
    """One ticket of a list; times are words, exact ones in UTC."""

    id: int
    title: str
    excerpt: str
    category: str
    priority: str
    status: str
    sentiment: str
    urgency: int
    requester: str
    age: str
    opened: str
    engine: str
    triage: str
    category_by: str
    priority_by: str


def row_of(ticket: TicketPublic) -> TicketRow:
    """The row of a ticket, as of now."""
    return TicketRow(
        id=ticket.id,
        title=ticket.title,
        excerpt=excerpt_of(ticket.description),
        category=ticket.category,
        priority=ticket.priority,
        status=ticket.status,
        sentiment=ticket.sentiment,
        urgency=ticket.urgency_score,
        requester=ticket.requester_name or ticket.requester_email or "",
        age=age_of(ticket.created_at, datetime.now(UTC)),
        opened=exact(ticket.created_at),
        engine=ENGINE_WORDS.get(ticket.engine, ticket.engine),
        triage=ticket.triage_status,
        category_by=ticket.category_by,
        priority_by=ticket.priority_by,
    )


def excerpt_of(description: str) -> str:
    """The beginning of a description, on one line."""
    line = " ".join(description[: EXCERPT * 4].split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT].rstrip()}…"


def age_of(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits; a date from 30 days on."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 60:
        return "just now"
    if seconds >= 30 * 86_400:
        return f"{moment:%d %b %Y}".lstrip("0")
    size, unit = next((size, unit) for size, unit in reversed(STEPS) if seconds >= size)
    return f"{seconds // size} {unit} ago"


def exact(moment: datetime) -> str:
    """To the second, in UTC."""
    return moment.astimezone(UTC).strftime(EXACT)
