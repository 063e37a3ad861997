"""Parses and validates a provider's answer, which is untrusted input."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from ticket_app.settings import ProviderChoice
from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.provider.failure import ProviderError
from ticket_app.triage.provider.prompts import Prompt
from ticket_app.triage.provider.raw_answer import RawAnswer, RawFinding
from ticket_app.triage.title import NO_TITLE, trimmed
from ticket_app.vocabulary import CallOutcome, Category, Priority, Sentiment

ANSWER_CHARACTERS = 20_000
"""The last characters of an answer that are parsed. A model writes its reasoning before them."""
OBJECTS_TRIED = 200
"""The most opening braces at which JSON parsing is tried, from the end backwards."""
QUOTES_MAX = 5
QUOTE_CHARACTERS = 200

T = TypeVar("T")
_REASONING_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_REASONING_BEGIN = re.compile(r"<think(?:ing)?>", re.IGNORECASE)


def read_answer(content: str, choice: ProviderChoice, prompt: Prompt, ticket: str) -> Triage:
    """Returns the answer as a Triage with a latency of 0, which the caller sets.

    The answer is the last complete JSON object that is valid, whatever text surrounds it.
    Reasoning that a model wrote before its answer is ignored. Quotes that are not in the ticket
    are dropped, and a missing confidence is None.

    Raises ProviderError(INVALID_ANSWER) if there is no such object.
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
        # Urgency refines the priority, so it has the same evidence.
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


def _last_answer(content: str, ticket: str) -> RawAnswer | None:
    text = without_reasoning(content)[-ANSWER_CHARACTERS:]
    for source, found in _objects_from_the_end(text):
        if source in ticket:  # a quote, which the requester wrote
            continue
        try:
            return RawAnswer.model_validate(found)
        except ValidationError:
            # Not a whole answer. It is not logged, since it may quote the ticket.
            continue
    return None


def without_reasoning(content: str) -> str:
    """Returns the text outside of <think> blocks.

    Some templates open the block in the prompt, so the answer has only its end. A block without
    an end is kept, because the answer may be inside it.
    """
    *thoughts, last = _REASONING_END.split(content)
    before = (_REASONING_BEGIN.split(thought, maxsplit=1) for thought in thoughts)
    return "".join([*(parts[0] for parts in before if len(parts) > 1), last])


def _objects_from_the_end(text: str) -> Iterator[tuple[str, Any]]:
    """Yields each complete JSON object with its source, the last in the text first."""
    decoder = json.JSONDecoder()
    start = len(text)
    for _ in range(OBJECTS_TRIED):
        start = text.rfind("{", 0, start)
        if start < 0:
            return
        try:
            found, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield text[start:end], found


def _quotes(finding: RawFinding[T], ticket: str) -> tuple[str, ...]:
    quotes = dict.fromkeys(quote.strip() for quote in finding.evidence)
    verified = (q for q in quotes if q and len(q) <= QUOTE_CHARACTERS and q in ticket)
    return tuple(verified)[:QUOTES_MAX]
