"""Tables of the triage: suggestions, jobs, the ledger of calls, learned models and leases."""

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
OF_TICKET = text("ticket_id IS NOT NULL")


class Suggestion(SQLModel, table=True):
    """An engine's suggestion for one field of a ticket, whatever the field's final value is.

    `confidence` is NULL if the provider gave none.
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
    """A ticket that waits for a provider's answer: one job for each pending ticket.

    A worker leases a job by moving `due_at` into the future, so that the job of a killed process
    becomes due again by itself. `attempts` counts the leases and distinguishes them. `failures`
    counts calls without an answer, `bad_answers` answers that cannot be used. A deleted ticket
    keeps its job, but no worker takes it.
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
    """An entry of the ledger: one attempt of a call to a provider, or a skipped call (attempt 0).

    `ticket_id` is NULL if the text was not filed yet, or if the ticket was purged. Unknown tokens
    and costs are NULL. The cost is an integer of billionths of a US dollar, so that sums are exact.
    """

    __tablename__: ClassVar[Any] = "triage_call"
    __table_args__ = (
        *triage_call_checks(),
        Index("triage_call_created", "created_at"),
        Index(
            "triage_call_ticket", "ticket_id", postgresql_where=OF_TICKET, sqlite_where=OF_TICKET
        ),
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
    """A lesson: the result of learning one field from people's decisions, with its comparison.

    `comparison` is JSON. `model` holds the bytes of the model in use, and is NULL in all other
    lessons, so a field has one model at most.
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
    """A lease on learning: one row per field, made by the migration.

    The lease ends at `held_until`, so that one of a killed process expires by itself. `decided` is
    the number of tickets with a person's decision when the field was last learned.
    """

    __tablename__: ClassVar[Any] = "learning_turn"
    __table_args__ = (*learning_turn_checks(), STRICT)

    field: str = Field(sa_column=Column(Text, primary_key=True))
    held_until: datetime = time_field()
    decided: int = integer_field(0)
