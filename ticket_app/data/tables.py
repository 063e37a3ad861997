"""The tables: tickets, their history, what engines proposed and cost, what was learned, and the
idempotency keys of a day."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import REAL, Column, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Field, SQLModel

from ticket_app.data.checks import (
    idempotency_key_checks,
    learned_model_checks,
    learning_turn_checks,
    suggestion_checks,
    ticket_checks,
    ticket_event_checks,
    triage_call_checks,
    triage_job_checks,
)
from ticket_app.data.types import BigId, Phrases, UtcDateTime
from ticket_app.vocabulary import (
    OFFLINE,
    URGENCY_DEFAULT,
    DecidedBy,
    Sentiment,
    Status,
    TriageStatus,
)

NOT_DELETED = text("deleted_at IS NULL")
CATEGORY_DECIDED = text("category_by = 'person' AND deleted_at IS NULL")
PRIORITY_DECIDED = text("priority_by = 'person' AND deleted_at IS NULL")
IN_USE = text("model IS NOT NULL")
STRICT = {"sqlite_strict": True}
"""SQLite checks column types only in STRICT tables, and reuses no id only with AUTOINCREMENT."""


class _Now(FunctionElement[datetime]):
    """The server's clock, as UtcDateTime stores it, for rows that raw SQL writes."""

    inherit_cache = True


@compiles(_Now, "sqlite")
def _now_on_sqlite(*_: Any, **__: Any) -> str:
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


@compiles(_Now)
def _now(*_: Any, **__: Any) -> str:
    return "now()"


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True))


def _text(*, nullable: bool = False, server_default: str | None = None) -> Any:
    return Field(sa_column=Column(Text, nullable=nullable, server_default=server_default))


def _integer(server_default: int | None = None, *, nullable: bool = False) -> Any:
    default = None if server_default is None else text(str(server_default))
    return Field(sa_column=Column(Integer, nullable=nullable, server_default=default))


def _time(*, nullable: bool = False) -> Any:
    default = None if nullable else _Now()
    return Field(sa_column=Column(UtcDateTime, nullable=nullable, server_default=default))


def _ticket_id(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(BigId, ForeignKey("ticket.id"), nullable=nullable))


def _real(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(REAL, nullable=nullable))


class Ticket(SQLModel, table=True):
    """A ticket. A deleted one keeps its row, with deleted_at set, and is out of every list.

    The database adds what lists and searches go by: see migration 0006.
    """

    __tablename__: ClassVar[Any] = "ticket"
    __table_args__ = (
        *ticket_checks(),
        Index(
            "ticket_newest",
            "created_at",
            "id",
            postgresql_where=NOT_DELETED,
            sqlite_where=NOT_DELETED,
        ),
        Index(
            "ticket_category_decided",
            "id",
            postgresql_where=CATEGORY_DECIDED,
            sqlite_where=CATEGORY_DECIDED,
        ),
        Index(
            "ticket_priority_decided",
            "id",
            postgresql_where=PRIORITY_DECIDED,
            sqlite_where=PRIORITY_DECIDED,
        ),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = _id()
    title: str = _text()
    description: str = _text()
    category: str = _text()
    priority: str = _text()
    status: str = _text(server_default=Status.OPEN)
    sentiment: str = _text(server_default=Sentiment.NEUTRAL)
    urgency_score: int = _integer(URGENCY_DEFAULT)
    requester_name: str | None = _text(nullable=True)
    requester_email: str | None = _text(nullable=True)
    created_at: datetime = _time()
    updated_at: datetime = _time()
    resolved_at: datetime | None = _time(nullable=True)
    version: int = _integer(1)
    deleted_at: datetime | None = _time(nullable=True)
    triage_status: str = _text(server_default=TriageStatus.DONE)
    engine: str = _text(server_default=OFFLINE)
    category_by: str = _text(server_default=DecidedBy.TRIAGE)
    priority_by: str = _text(server_default=DecidedBy.TRIAGE)


class TicketEvent(SQLModel, table=True):
    """One line of a ticket's history. Triggers refuse to change or remove a line."""

    __tablename__: ClassVar[Any] = "ticket_event"
    __table_args__ = (
        *ticket_event_checks(),
        Index("ticket_event_ticket", "ticket_id", "id"),
        {**STRICT, "sqlite_autoincrement": True},
    )

    id: int | None = _id()
    ticket_id: int = _ticket_id()
    ticket_version: int = _integer()
    kind: str = _text()
    field: str | None = _text(nullable=True)
    old_value: str | None = _text(nullable=True)
    new_value: str | None = _text(nullable=True)
    edge: str = _text()
    created_at: datetime = _time()


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

    id: int | None = _id()
    ticket_id: int = _ticket_id()
    field: str = _text()
    value: str = _text()
    confidence: float | None = _real(nullable=True)
    engine: str = _text()
    model: str = _text()
    prompt_version: str = _text()
    latency_ms: float = _real()
    created_at: datetime = _time()
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
    scope: str = _text()
    due_at: datetime = _time()
    attempts: int = _integer(0)
    failures: int = _integer(0)
    bad_answers: int = _integer(0)
    created_at: datetime = _time()


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

    id: int | None = _id()
    ticket_id: int | None = _ticket_id(nullable=True)
    purpose: str = _text()
    engine: str = _text()
    model: str = _text()
    prompt_version: str = _text()
    input_hash: str = _text()
    attempt: int = _integer()
    outcome: str = _text()
    latency_ms: float = _real()
    input_tokens: int | None = _integer(nullable=True)
    output_tokens: int | None = _integer(nullable=True)
    cost_nano_usd: int | None = Field(sa_column=Column(BigId, nullable=True))
    created_at: datetime = _time()


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

    id: int | None = _id()
    field: str = _text()
    created_at: datetime = _time()
    examples: int = _integer()
    verdict: str = _text()
    comparison: str = _text()
    model: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))


class LearningTurn(SQLModel, table=True):
    """Whose turn it is to learn: a row for each field, made by the migration.

    Nobody else learns before `held_until`; what a killed process held is free again by itself.
    `decided` is how many tickets had a person's decision when the field was last learned.
    """

    __tablename__: ClassVar[Any] = "learning_turn"
    __table_args__ = (*learning_turn_checks(), STRICT)

    field: str = Field(sa_column=Column(Text, primary_key=True))
    held_until: datetime = _time()
    decided: int = _integer(0)


class IdempotencyKey(SQLModel, table=True):
    """A request that filed a ticket, kept for a day: the same key files no second one.

    `fingerprint` is the SHA-256 of the values that were sent, in hexadecimal. `ticket` is the JSON
    of the TicketPublic that was answered, without its id, whatever the ticket says by now.
    """

    __tablename__: ClassVar[Any] = "idempotency_key"
    __table_args__ = (
        *idempotency_key_checks(),
        Index("idempotency_key_created", "created_at"),
        STRICT,
    )

    key: str = Field(sa_column=Column(Text, primary_key=True))
    fingerprint: str = _text()
    ticket_id: int = _ticket_id()
    ticket: str = _text()
    created_at: datetime = _time()
