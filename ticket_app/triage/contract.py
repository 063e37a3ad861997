"""What every triage engine answers: one validated shape, whoever gave it."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ticket_app.vocabulary import (
    TITLE_MAX,
    URGENCY_MAX,
    URGENCY_MIN,
    Category,
    Priority,
    Sentiment,
)

T = TypeVar("T")
Confidence = Annotated[float, Field(ge=0.0, le=1.0)]
Urgency = Annotated[int, Field(ge=URGENCY_MIN, le=URGENCY_MAX)]
Title = Annotated[str, Field(min_length=1, max_length=TITLE_MAX)]


class Finding(BaseModel, Generic[T]):
    """One proposed value, how sure the engine is (0..1), and the words it rests on."""

    model_config = ConfigDict(frozen=True)

    value: T
    confidence: Confidence
    evidence: tuple[str, ...] = ()


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
