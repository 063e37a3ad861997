"""What a model said, as it said it: the shape of an answer, with words and numbers in one form.

Nothing is made up: what a model did not say is None or empty, and what could mean several things
(a confidence of 90, an urgency of 77.5) is no answer.
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


def _named(said: Any) -> Any:
    """An object with its names in lower case; a bare value is an object that has nothing else."""
    if isinstance(said, dict):
        return {name.strip().lower(): value for name, value in said.items()}
    return {"value": said}


def _word(said: Any) -> Any:
    return said.strip().lower() if isinstance(said, str) else said


def _number(said: Any) -> Any:
    if said is True or said is False:
        raise ValueError("this is no number")
    if isinstance(said, str):
        text = said.strip()
        if percent := _PERCENT.fullmatch(text):
            return float(percent[1]) / 100
        if not _NUMBER.fullmatch(text):
            raise ValueError("this is no number")
        return float(text)
    return said


def _bare_number(said: Any) -> Any:
    return _number(_named(said).get("value"))


def _bare_text(said: Any) -> Any:
    text = _named(said).get("value")
    return without_surrogates(text) if isinstance(text, str) else text


def _quotes(said: Any) -> Any:
    quotes = said if isinstance(said, list) else [said]
    return tuple(without_surrogates(quote) for quote in quotes if isinstance(quote, str))


class SaidFinding(BaseModel, Generic[T]):
    """A value, and how sure the model is of it and why, if it said so."""

    value: Annotated[T, BeforeValidator(_word)]
    confidence: Annotated[Confidence | None, BeforeValidator(_number)] = None
    evidence: Annotated[tuple[str, ...], BeforeValidator(_quotes)] = ()

    _in_one_form = model_validator(mode="before")(_named)


class SaidAnswer(BaseModel):
    """A whole answer; a ValidationError for what is none. Whatever else it holds is passed over."""

    category: SaidFinding[Category]
    priority: SaidFinding[Priority]
    sentiment: SaidFinding[Sentiment]
    urgency_score: Annotated[Urgency, BeforeValidator(_bare_number)]
    title: Annotated[str, BeforeValidator(_bare_text)]

    _in_one_form = model_validator(mode="before")(_named)
