"""The request shape that a model accepts, which this process learns from the model's refusals.

A shape is stored only after the model has answered a request of that shape. All calls are on the
providers' event loop, so there is no lock.
"""

from collections import OrderedDict
from typing import Literal, NamedTuple

from ticket_app.settings import ProviderChoice
from ticket_app.triage.provider.refusal import Part

MODELS_MAX = 100
REFUSALS_MAX = 3
"""After this many refusals in a row without a known word, the cause is not the texts."""


Format = Literal["json_schema", "json_object", "text"]
TokenLimit = Literal["max_tokens", "max_completion_tokens"]


class RequestShape(NamedTuple):
    """The format of the answer that a request asks for, and its optional parameters."""

    format: Format = "json_schema"
    tokens: TokenLimit | None = "max_tokens"
    temperature: bool = True
    effort: bool = True

    def without(self, parts: frozenset[Part]) -> "RequestShape":
        """Returns the next simpler shape in these parts, or the same shape if there is none."""
        shape = self
        if Part.FORMAT in parts:
            simpler: Format = "json_object" if self.format == "json_schema" else "text"
            shape = shape._replace(format=simpler)
        if Part.TOKENS in parts:
            has_another = self.tokens == "max_tokens"
            shape = shape._replace(tokens="max_completion_tokens" if has_another else None)
        if Part.TEMPERATURE in parts:
            shape = shape._replace(temperature=False)
        if Part.EFFORT in parts:
            shape = shape._replace(effort=False)
        return shape


class Asked(NamedTuple):
    """A model, and whether it is asked for JSON. It may accept other shapes for plain text."""

    choice: ProviderChoice
    is_json: bool


class _Accepted(NamedTuple):
    shape: RequestShape
    refused: int = 0


class ModelCapabilities:
    """The shapes that the last MODELS_MAX models accepted."""

    def __init__(self) -> None:
        self._known: OrderedDict[Asked, _Accepted] = OrderedDict()

    def shape_for(self, asked: Asked) -> RequestShape:
        """Returns the shape that the model answered last, or else the fullest one."""
        if (known := self._known.get(asked)) is not None:
            return known.shape
        return RequestShape() if asked.is_json else RequestShape(format="text")

    def record_answer(self, asked: Asked, shape: RequestShape) -> None:
        """Records that the model answered a request of this shape."""
        self._known[asked] = _Accepted(shape)
        self._known.move_to_end(asked)
        if len(self._known) > MODELS_MAX:
            self._known.popitem(last=False)

    def is_unknown(self, asked: Asked) -> bool:
        """Returns True if the model has not answered yet, so that its shape may be wrong."""
        return asked not in self._known

    def record_unexplained_refusal(self, asked: Asked) -> bool:
        """Counts a refusal that names no reason. Returns True if its cause is the text.

        The text is the cause if the model answered others before, and fewer than REFUSALS_MAX
        refusals came in a row.
        """
        known = self._known.get(asked)
        if known is None:
            return False
        self._known[asked] = known._replace(refused=known.refused + 1)
        return known.refused < REFUSALS_MAX


model_capabilities = ModelCapabilities()
"""The capabilities that this process knows."""
