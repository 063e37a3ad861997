"""What this process has learned of its desk, laid over what the rules answer.

Whoever has a database puts the models here; this room knows no database.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any, NamedTuple

from ticket_app.triage.contract import Finding, Triage, Urgency
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.model import LearnedModel, Reading
from ticket_app.vocabulary import Category, Priority

_CategoryFinding = Finding[Category]
_PriorityFinding = Finding[Priority]
_UrgencyFinding = Finding[Urgency]


class Learned(NamedTuple):
    """A model at work, and the id of the lesson that it is from."""

    lesson: int
    model: LearnedModel


Models = Mapping[LearnedField, Learned]
Bands = Mapping[Priority, tuple[int, int]]
"""The lowest and the highest urgency score of each priority."""

_models: Models = {}


def models_in_use() -> Models:
    """The models that this process works with."""
    return _models


def use_models(models: Models) -> None:
    """Work with these models, and no others, from the next text on."""
    # One assignment: a triage under way in another thread has all of the old or all of the new.
    global _models  # noqa: PLW0603
    _models = dict(models)


def with_learned(triage: Triage, models: Models, reading: Reading, bands: Bands) -> Triage:
    """The rules' triage with the finding of each model that knows a word of the text.

    The urgency follows a learned priority: as far up in its band as the rules' score was in theirs.
    """
    if not models:
        return triage
    started = perf_counter()
    changes: dict[str, Any] = {}
    for field, (lesson, model) in models.items():
        if not model.knows_a_word(reading):
            continue
        found = model.find(reading)
        if field == "category":
            changes["category"] = _CategoryFinding(
                value=Category(found.value),
                confidence=found.confidence,
                evidence=found.evidence,
                lesson=lesson,
            )
        else:
            priority = _PriorityFinding(
                value=Priority(found.value),
                confidence=found.confidence,
                evidence=found.evidence,
                lesson=lesson,
            )
            changes["priority"] = priority
            changes["urgency_score"] = _urgency(triage, priority, bands)
    changes["latency_ms"] = triage.latency_ms + (perf_counter() - started) * 1000
    return triage.model_copy(update=changes)


def _urgency(triage: Triage, priority: Finding[Priority], bands: Bands) -> Finding[Urgency]:
    low, high = bands[triage.priority.value]
    place = (triage.urgency_score.value - low) / (high - low)
    low, high = bands[priority.value]
    return _UrgencyFinding(
        value=round(low + (high - low) * place),
        confidence=priority.confidence,
        evidence=priority.evidence,
        lesson=priority.lesson,
    )
