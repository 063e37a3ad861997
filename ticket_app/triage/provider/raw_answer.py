"""The shape of a model's answer, with words and numbers normalised.

No value is made up: a missing part is None or empty, and an ambiguous value (a confidence of 90,
an urgency of 77.5) is invalid.
"""

import re
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, model_validator

from ticket_app.triage.contract import Confidence, Urgency
from ticket_app.triage.text import without_surrogates
from ticket_app.vocabulary import Category, Priority, Sentiment

T = TypeVar("T")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,15})?) ?%")


def _named(raw: Any) -> Any:
    """Returns an object with lower-case names; a bare value becomes the object's `value`."""
    if isinstance(raw, dict):
        return {name.strip().lower(): value for name, value in raw.items()}
    return {"value": raw}


def _word(raw: Any) -> Any:
    return raw.strip().lower() if isinstance(raw, str) else raw


def _number(raw: Any) -> Any:
    if raw is True or raw is False:
        raise ValueError("this is no number")
    if isinstance(raw, str):
        text = raw.strip()
        if percent := _PERCENT.fullmatch(text):
            return float(percent[1]) / 100
        if not _NUMBER.fullmatch(text):
            raise ValueError("this is no number")
        return float(text)
    return raw


def _bare_number(raw: Any) -> Any:
    return _number(_named(raw).get("value"))


def _bare_text(raw: Any) -> Any:
    text = _named(raw).get("value")
    return without_surrogates(text) if isinstance(text, str) else text


def _quotes(raw: Any) -> Any:
    quotes = raw if isinstance(raw, list) else [raw]
    return tuple(without_surrogates(quote) for quote in quotes if isinstance(quote, str))


class RawFinding(BaseModel, Generic[T]):
    """A value, with the model's confidence and evidence if it gave them."""

    value: Annotated[T, BeforeValidator(_word)]
    confidence: Annotated[Confidence | None, BeforeValidator(_number)] = None
    evidence: Annotated[tuple[str, ...], BeforeValidator(_quotes)] = ()

    _normalised = model_validator(mode="before")(_named)


class RawAnswer(BaseModel):
    """A whole answer; unknown names are ignored. An invalid answer raises ValidationError."""

    category: RawFinding[Category]
    priority: RawFinding[Priority]
    sentiment: RawFinding[Sentiment]
    urgency_score: Annotated[Urgency, BeforeValidator(_bare_number)]
    title: Annotated[str, BeforeValidator(_bare_text)]

    _normalised = model_validator(mode="before")(_named)
