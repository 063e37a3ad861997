"""The learned models of this process.

The services load them from the database; this room knows no database.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ticket_app.triage.contract import Finding, Urgency
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.learning.model import LearnedModel
from ticket_app.triage.weights import Weighed
from ticket_app.vocabulary import Category, Priority

_FINDINGS: Mapping[LearnedField, type[Finding[Any]]] = {
    "category": Finding[Category],
    "priority": Finding[Priority],
}
_UrgencyFinding = Finding[Urgency]


class Learned(NamedTuple):
    """A model in use, and the id of its lesson."""

    lesson: int
    model: LearnedModel


Models = Mapping[LearnedField, Learned]
Bands = Mapping[Priority, tuple[int, int]]
"""The lowest and the highest urgency score of each priority."""

_models: Models = {}


def models_in_use() -> Models:
    """Returns the models in use in this process."""
    return _models


def use_models(models: Models) -> None:
    """Replaces the models in use, from the next text on."""
    # One assignment, so that a triage in another thread uses all old or all new models.
    global _models  # noqa: PLW0603
    _models = dict(models)


def with_learned(
    findings: Mapping[str, Finding[Any]], models: Models, seen: Weighed, bands: Bands
) -> dict[str, Finding[Any]]:
    """Returns the rules' findings, replaced by those of each model that knows a word of the text.

    The urgency score keeps its relative place when a learned priority moves it to another band.
    """
    found = dict(findings)
    for field, (lesson, model) in models.items():
        if model.knows_a_word(seen.read.features):
            found[field] = _FINDINGS[field](**model.find(seen)._asdict(), lesson=lesson)
    priority, score = found["priority"], found["urgency_score"]
    if priority.lesson is not None:
        low, high = bands[findings["priority"].value]
        place = (score.value - low) / (high - low)
        low, high = bands[priority.value]
        moved = round(low + (high - low) * place)
        found["urgency_score"] = _UrgencyFinding(**dict(priority) | {"value": moved})
    return found
