"""The validated answer that every triage engine gives."""

from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ticket_app.vocabulary import (
    LEARNED,
    TITLE_MAX,
    URGENCY_MAX,
    URGENCY_MIN,
    Category,
    Priority,
    Sentiment,
    TriageField,
)

T = TypeVar("T")
Confidence = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Urgency = Annotated[int, Field(ge=URGENCY_MIN, le=URGENCY_MAX)]
Title = Annotated[str, Field(min_length=1, max_length=TITLE_MAX)]


class Source(NamedTuple):
    """The engine that proposed a value, and its model."""

    engine: str
    model: str


class Finding(BaseModel, Generic[T]):
    """A proposed value, the engine's confidence (0..1), and the words that are its evidence.

    `confidence` is None if a provider gave none; no number is made up. `lesson` is the id of the
    desk's lesson that proposed the value, or None if the Triage's engine did.
    """

    model_config = ConfigDict(frozen=True)

    value: T
    confidence: Confidence | None
    evidence: tuple[str, ...] = ()
    lesson: int | None = None


class Triage(BaseModel):
    """An engine's whole answer for one ticket text.

    `engine` is `offline` or the provider's name, `model` its model, `prompt_version` the version of
    the prompt or of the rules, and `latency_ms` the wall-clock milliseconds of the answer.
    `failure` is a short stable word for the reason why the offline engine answered in place of the
    configured provider; it is None if the requested engine answered.
    """

    model_config = ConfigDict(frozen=True)

    category: Finding[Category]
    priority: Finding[Priority]
    sentiment: Finding[Sentiment]
    urgency_score: Finding[Urgency]
    title: Finding[Title]
    engine: str
    model: str
    prompt_version: str
    latency_ms: float = Field(ge=0)
    failure: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles as JSON.

        A page's state with its suggestion is pickled, and pickle finds no class by the name
        `Finding[Category]`.
        """
        return (Triage.model_validate_json, (self.model_dump_json(),))

    def source(self, field: TriageField) -> Source:
        """Returns the source of this field's value: one of the desk's lessons or the engine."""
        finding: Finding[object] = getattr(self, field)
        if finding.lesson is None:
            return Source(self.engine, self.model)
        return Source(LEARNED, f"lesson-{finding.lesson}")


class Draft(NamedTuple):
    """A provider's draft of a reply: Markdown of 1 to MESSAGE_MAX characters that nobody has
    checked."""

    text: str
    engine: str
    model: str
    prompt_version: str
    latency_ms: float
