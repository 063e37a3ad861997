"""Reading a provider's answer: input like any other, and trusted as little."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from ticket_app.settings import ProviderChoice
from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.failure import ProviderError
from ticket_app.triage.prompts import Prompt
from ticket_app.triage.said import SaidAnswer, SaidFinding
from ticket_app.triage.title import NO_TITLE, trimmed
from ticket_app.vocabulary import CallOutcome, Category, Priority, Sentiment

ANSWER_CHARACTERS = 20_000
"""Of an answer's end. A model that thinks aloud does so before."""
OBJECTS_TRIED = 200
QUOTES_MAX = 5
QUOTE_CHARACTERS = 200

T = TypeVar("T")
_THOUGHT_ENDS = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_THOUGHT_BEGINS = re.compile(r"<think(?:ing)?>", re.IGNORECASE)


def read_answer(content: str, choice: ProviderChoice, prompt: Prompt, ticket: str) -> Triage:
    """The answer as a Triage, its latency left to who measured it.

    It is the last complete JSON object of the right shape, whatever stands around it; what a model
    thought aloud before it answered is no answer. Quotes that do not stand in the ticket are
    dropped, and a confidence that was not said is None.

    Raises ProviderError(INVALID_ANSWER) when there is no such object.
    """
    answer = _last_answer(content, ticket)
    title = "" if answer is None else trimmed(answer.title)
    if answer is None or title == NO_TITLE:
        raise ProviderError(CallOutcome.INVALID_ANSWER)
    priority_quotes = _quotes(answer.priority, ticket)
    return Triage(
        category=Finding[Category](
            value=answer.category.value,
            confidence=answer.category.confidence,
            evidence=_quotes(answer.category, ticket),
        ),
        priority=Finding[Priority](
            value=answer.priority.value,
            confidence=answer.priority.confidence,
            evidence=priority_quotes,
        ),
        sentiment=Finding[Sentiment](
            value=answer.sentiment.value,
            confidence=answer.sentiment.confidence,
            evidence=_quotes(answer.sentiment, ticket),
        ),
        # Urgency is the priority, refined: it rests on the same words.
        urgency_score=Finding[Urgency](
            value=answer.urgency_score,
            confidence=answer.priority.confidence,
            evidence=priority_quotes,
        ),
        title=Finding[Title](value=title, confidence=answer.category.confidence),
        engine=choice.name,
        model=choice.model,
        prompt_version=prompt.version,
        latency_ms=0.0,
    )


def _last_answer(content: str, ticket: str) -> SaidAnswer | None:
    said = _without_thoughts(content)[-ANSWER_CHARACTERS:]
    for source, found in _objects_from_the_end(said):
        if source in ticket:  # quoted, and written by whoever wrote the ticket
            continue
        try:
            return SaidAnswer.model_validate(found)
        except ValidationError:
            # A part of an answer, or none. Its words go nowhere: the ticket's are among them.
            continue
    return None


def _without_thoughts(content: str) -> str:
    """What a model did not say to itself. Some templates open the thought in the prompt, so that
    only its end is there; one that never ends is read, for the answer may be in it."""
    *thoughts, last = _THOUGHT_ENDS.split(content)
    before = (_THOUGHT_BEGINS.split(thought, maxsplit=1) for thought in thoughts)
    return "".join([*(said[0] for said in before if len(said) > 1), last])


def _objects_from_the_end(said: str) -> Iterator[tuple[str, Any]]:
    """The complete JSON objects, the one that begins last first; so many braces are tried."""
    decoder = json.JSONDecoder()
    start = len(said)
    for _ in range(OBJECTS_TRIED):
        start = said.rfind("{", 0, start)
        if start < 0:
            return
        try:
            found, end = decoder.raw_decode(said, start)
        except (ValueError, RecursionError):
            continue
        yield said[start:end], found


def _quotes(finding: SaidFinding[T], ticket: str) -> tuple[str, ...]:
    quotes = dict.fromkeys(quote.strip() for quote in finding.evidence)
    standing = (q for q in quotes if q and len(q) <= QUOTE_CHARACTERS and q in ticket)
    return tuple(standing)[:QUOTES_MAX]
