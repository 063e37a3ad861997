"""In which shape a model takes its question: learned from what it refuses, for this process.

A shape is only remembered once a question in it was answered. All of it happens on the providers'
event loop, so there is no lock.
"""

from collections import OrderedDict
from typing import Literal, NamedTuple

from ticket_app.settings import ProviderChoice
from ticket_app.triage.refusal import Part

MODELS_MAX = 100
REFUSALS_MAX = 3
"""So many texts in a row are refused without a word that we know before it is not the texts."""


Format = Literal["json_schema", "json_object", "text"]
Limit = Literal["max_tokens", "max_completion_tokens"]


class Shape(NamedTuple):
    """How the answer's form is asked for, and what else is sent along."""

    format: Format = "json_schema"
    tokens: Limit | None = "max_tokens"
    temperature: bool = True
    effort: bool = True

    def without(self, parts: frozenset[Part]) -> "Shape":
        """The next simpler shape in these parts; the same one where there is none."""
        shape = self
        if Part.FORMAT in parts:
            simpler: Format = "json_object" if self.format == "json_schema" else "text"
            shape = shape._replace(format=simpler)
        if Part.TOKENS in parts:
            other: Limit | None = "max_completion_tokens" if self.tokens == "max_tokens" else None
            shape = shape._replace(tokens=other)
        if Part.TEMPERATURE in parts:
            shape = shape._replace(temperature=False)
        if Part.EFFORT in parts:
            shape = shape._replace(effort=False)
        return shape


class _Known(NamedTuple):
    shape: Shape
    refused: int = 0


class Shapes:
    """The shapes in which the last MODELS_MAX models answered."""

    def __init__(self) -> None:
        self._known: OrderedDict[ProviderChoice, _Known] = OrderedDict()

    def of(self, choice: ProviderChoice) -> Shape:
        """The shape to begin with: what the model answered last, else all that there is."""
        known = self._known.get(choice)
        return Shape() if known is None else known.shape

    def was_answered(self, choice: ProviderChoice, shape: Shape) -> None:
        """The model took a question of this shape."""
        self._known[choice] = _Known(shape)
        self._known.move_to_end(choice)
        if len(self._known) > MODELS_MAX:
            self._known.popitem(last=False)

    def is_new(self, choice: ProviderChoice) -> bool:
        """Whether the model has not answered yet, so that its shape may be wrong."""
        return choice not in self._known

    def refuses_the_text(self, choice: ProviderChoice) -> bool:
        """Whether a refusal that names no reason is about its text: the model took others before,
        and not too many are refused in a row. Counts the refusal."""
        known = self._known.get(choice)
        if known is None:
            return False
        self._known[choice] = known._replace(refused=known.refused + 1)
        return known.refused < REFUSALS_MAX


shapes = Shapes()
"""Those of this process."""
