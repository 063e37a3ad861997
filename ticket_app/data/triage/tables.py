"""What engines proposed and cost, which tickets wait for them, and what was learned."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from ticket_app.data.fields import (
    STRICT,
    id_field,
    integer_field,
    real_field,
    text_field,
    ticket_id_field,
    time_field,
)
from ticket_app.data.tickets import tables as _tickets  # noqa: F401  rows refer to a ticket
from ticket_app.data.triage.checks import (
    learned_model_checks,
    learning_turn_checks,
    suggestion_checks,
    triage_call_checks,
    triage_job_checks,
)
from ticket_app.data.types import BigId, Phrases

IN_USE = text("model IS NOT NULL")


class Suggestion(SQLModel, table=True):
    """What an engine proposed for one field of a ticket, whatever the ticket says in the end.

    `confidence` is NULL where a provider did not say how sure it is.
    """

    __tablename__: ClassVar[Any] = "suggestion"
    __table_args__ = (
        *suggestion_checks(),
        Index("suggestion_ticket", "ticket_id", "id"),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    ticket_id: int = ticket_id_field()
    field: str = text_field()
    value: str = text_field()
    confidence: float | None = real_field(nullable=True)
    engine: str = text_field()
    model: str = text_field()
    prompt_version: str = text_field()
    latency_ms: float = real_field()
    created_at: datetime = time_field()
    evidence: tuple[str, ...] = Field(
        sa_column=Column(Phrases, nullable=False, server_default="[]")
    )


class TriageJob(SQLModel, table=True):
    """A ticket that waits for a provider's answer; there is a job for each that is pending.

    Nobody works on it before `due_at`: whoever takes it puts that off, and what a killed process
    had taken is due again by itself. `attempts` counts the takings, and tells one from the next;
    `failures` counts the calls without an answer, and `bad_answers` those that nobody can use. A
    deleted ticket keeps its job, on which nobody works.
    """

    __tablename__: ClassVar[Any] = "triage_job"
    __table_args__ = (
        *triage_job_checks(),
        Index("triage_job_due", "due_at", "ticket_id"),
        STRICT,
    )

    ticket_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True))
    scope: str = text_field()
    due_at: datetime = time_field()
    attempts: int = integer_field(0)
    failures: int = integer_field(0)
    bad_answers: int = integer_field(0)
    created_at: datetime = time_field()


class TriageCall(SQLModel, table=True):
    """The ledger: one attempt to ask a provider, or one decision not to (attempt 0).

    `ticket_id` is NULL while the text is no ticket yet. Tokens and cost are NULL where unknown; the
    cost is a whole number of billionths of a US dollar, so that sums are exact.
    """

    __tablename__: ClassVar[Any] = "triage_call"
    __table_args__ = (
        *triage_call_checks(),
        Index("triage_call_created", "created_at"),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    ticket_id: int | None = ticket_id_field(nullable=True)
    purpose: str = text_field()
    engine: str = text_field()
    model: str = text_field()
    prompt_version: str = text_field()
    input_hash: str = text_field()
    attempt: int = integer_field()
    outcome: str = text_field()
    latency_ms: float = real_field()
    input_tokens: int | None = integer_field(nullable=True)
    output_tokens: int | None = integer_field(nullable=True)
    cost_nano_usd: int | None = Field(sa_column=Column(BigId, nullable=True))
    created_at: datetime = time_field()


class LearnedModel(SQLModel, table=True):
    """A lesson: what was learned of a field from people's decisions, and whether it is better.

    `comparison` is JSON. `model` are the bytes of the one that is in use, and NULL in every other
    lesson, so a field has one at most.
    """

    __tablename__: ClassVar[Any] = "learned_model"
    __table_args__ = (
        *learned_model_checks(),
        Index(
            "learned_model_in_use",
            "field",
            unique=True,
            postgresql_where=IN_USE,
            sqlite_where=IN_USE,
        ),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = id_field()
    field: str = text_field()
    created_at: datetime = time_field()
    examples: int = integer_field()
    verdict: str = text_field()
    comparison: str = text_field()
    model: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))


class LearningTurn(SQLModel, table=True):
    """Whose turn it is to learn: a row for each field, made by the migration.

    Nobody else learns before `held_until`; what a killed process held is free again by itself.
    `decided` is how many tickets had a person's decision when the field was last learned.
    """

    __tablename__: ClassVar[Any] = "learning_turn"
    __table_args__ = (*learning_turn_checks(), STRICT)

    field: str = Field(sa_column=Column(Text, primary_key=True))
    held_until: datetime = time_field()
    decided: int = integer_field(0)
