"""Reading a provider's answer: input like any other, and trusted as little."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ticket_app.settings import ProviderChoice
from ticket_app.triage.contract import Finding, Title, Triage, Urgency
from ticket_app.triage.failure import ProviderError
from ticket_app.triage.prompts import Prompt
from ticket_app.triage.text import without_surrogates
from ticket_app.triage.title import NO_TITLE, trimmed
from ticket_app.vocabulary import CallOutcome, Category, Priority, Sentiment

ANSWER_CHARACTERS = 20_000
OBJECTS_TRIED = 20
QUOTES_MAX = 5
QUOTE_CHARACTERS = 200

T = TypeVar("T")


class _Answer(BaseModel):
    category: Finding[Category]
    priority: Finding[Priority]
    sentiment: Finding[Sentiment]
    urgency_score: Urgency
    title: str


def read_answer(content: str, choice: ProviderChoice, prompt: Prompt, ticket: str) -> Triage:
    """The answer as a Triage, its latency left to who measured it.

    Quotes that do not stand in the ticket are dropped.

    Raises ProviderError(INVALID_ANSWER) when the content holds no JSON object of the right shape.
    """
    answer = _validated(content)
    title = trimmed(without_surrogates(answer.title))
    if title == NO_TITLE:
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


def _validated(content: str) -> _Answer:
    found = _first_object(content)
    if found is None:
        raise ProviderError(CallOutcome.INVALID_ANSWER)
    try:
        return _Answer.model_validate_json(found, strict=True)
    except ValidationError:
        # The cause would carry what the provider wrote, and with it the ticket.
        raise ProviderError(CallOutcome.INVALID_ANSWER) from None


def _first_object(content: str) -> str | None:
    """The first JSON object in the content, whatever stands around it; a few braces are tried."""
    decoder = json.JSONDecoder()
    start = -1
    for _ in range(OBJECTS_TRIED):
        start = content.find("{", start + 1, ANSWER_CHARACTERS)
        if start < 0:
            return None
        try:
            _, end = decoder.raw_decode(content[:ANSWER_CHARACTERS], start)
        except (ValueError, RecursionError):
            continue
        return content[start:end]
    return None


def _quotes(finding: Finding[T], ticket: str) -> tuple[str, ...]:
    quotes = dict.fromkeys(quote.strip() for quote in finding.evidence)
    standing = (q for q in quotes if q and len(q) <= QUOTE_CHARACTERS and q in ticket)
    return tuple(standing)[:QUOTES_MAX]
