"""What every triage engine answers: one validated shape, whoever gave it."""

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
    """Who proposed a value: an engine, and the model that it ran."""

    engine: str
    model: str


class Finding(BaseModel, Generic[T]):
    """One proposed value, how sure the engine is (0..1), and the words it rests on.

    `confidence` is None where a provider did not say how sure it is: nothing is made up for it.
    `lesson` is the id of the desk's lesson that proposed it; None where the Triage's engine did.
    """

    model_config = ConfigDict(frozen=True)

    value: T
    confidence: Confidence | None
    evidence: tuple[str, ...] = ()
    lesson: int | None = None


class Triage(BaseModel):
    """An engine's whole answer for one ticket text.

    `engine` is `offline` or the provider's name, `model` what it ran, `prompt_version` the version
    of the prompt or of the rules, `latency_ms` the wall-clock milliseconds the answer took, and
    `failure` a short stable word for why a configured provider's answer is not the one given here
    (None when the asked engine answered).
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
        """A page keeps its suggestion, and is kept as a pickle, which finds no class by the name of
        `Finding[Category]`."""
        return (Triage.model_validate_json, (self.model_dump_json(),))

    def source(self, field: TriageField) -> Source:
        """Who proposed this field's value: one of the desk's lessons, or else the engine."""
        finding: Finding[object] = getattr(self, field)
        if finding.lesson is None:
            return Source(self.engine, self.model)
        return Source(LEARNED, f"lesson-{finding.lesson}")
