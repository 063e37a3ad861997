"""A desk whose people have decided, with words that no rule knows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from sqlalchemy import func, select, text

from ticket_app.data.engine import get_engine, read_transaction, write_transaction
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage.tables import LearnedModel
from ticket_app.triage.learning.examples import Example
from ticket_app.triage.learning.fields import LearnedField

OWN_WORDS = {
    "billing": ["quorvex", "blintar", "mossel", "druvane", "pelkin", "tarvo"],
    "technical": ["zindle", "frobbit", "krayton", "wexel", "spunder", "gribb"],
    "account": ["ollard", "vimmet", "jastor", "hulpen", "nerrow", "cadlin"],
    "general": ["yorrick", "wendle", "sabbet", "luskin", "dorvat", "fenwo"],
}
PRIORITY_OF = {"general": "low", "billing": "medium", "account": "high", "technical": "critical"}
FILLERS = ["the", "my", "your", "since", "today", "was", "with", "this", "about", "our", "when"]
TITLE, DESCRIPTION = "About the zindle", "our frobbit was with the krayton"
"""A ticket that people's decisions make technical and critical, and the rules do not."""


def examples(count: int, field: LearnedField = "category", *, seed: int = 1) -> list[Example]:
    """Returns this many different texts, a title above a description, each with two known words."""
    chance = Random(seed)
    made = []
    for number in range(count):
        category = list(OWN_WORDS)[number % len(OWN_WORDS)]
        words = [*chance.sample(OWN_WORDS[category], 2), *chance.sample(FILLERS, 7)]
        chance.shuffle(words)
        value = category if field == "category" else PRIORITY_OF[category]
        made.append(Example(f"{' '.join(words[:4])}\n\n{' '.join(words[4:])}", value))
    return made


def shuffled(taught: Sequence[Example]) -> list[Example]:
    """Returns the texts with their values permuted: there is nothing left to learn."""
    values = [example.value for example in taught]
    Random(3).shuffle(values)
    return [Example(e.text, value) for e, value in zip(taught, values, strict=True)]


def decide(taught: Sequence[Example], field: LearnedField = "category") -> None:
    """File a ticket for each example; a person decides its value of this field."""
    now = datetime.now(UTC)
    filed: dict[str, Any] = {
        "category": "general", "priority": "low", "status": "open", "sentiment": "calm",
        "urgency_score": 5, "version": 1, "created_at": now, "updated_at": now,
        "triage_status": "done", "engine": "offline",
        "category_by": "triage", "priority_by": "triage",
    }  # fmt: skip
    with write_transaction() as session:
        for example in taught:
            title, _, description = example.text.partition("\n\n")
            decision = {field: example.value, f"{field}_by": "person"}
            session.add(Ticket(title=title, description=description, **filed | decision))


def count_lessons() -> int:
    """Returns the number of lessons, used or not."""
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(LearnedModel)) or 0


def raw(statement: str, **values: Any) -> None:
    """Execute raw SQL, as no service would send it."""
    with get_engine().begin() as connection:
        connection.execute(text(statement), values)
