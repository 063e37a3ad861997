"""How each value looks: its word and its icon, once. Its colour is in assets/desk.css, once.

A component sets `data-<field>="<value>"`; the stylesheet gives that its tone. So a value keeps its
colour on every page and in every chart, and is never told by its colour alone.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from ticket_app.vocabulary import Category, Priority, Sentiment, Status, TriageStatus

NAME = "Support desk"
STYLESHEET = "/desk.css"


class Look(NamedTuple):
    """The word for a value, and the name of its Lucide icon."""

    word: str
    icon: str


LOOKS: Mapping[str, Mapping[StrEnum, Look]] = {
    "status": {
        Status.OPEN: Look("Open", "circle"),
        Status.IN_PROGRESS: Look("In progress", "circle-dot"),
        Status.RESOLVED: Look("Resolved", "circle-check"),
        Status.CLOSED: Look("Closed", "circle-slash"),
    },
    "priority": {
        Priority.LOW: Look("Low", "minus"),
        Priority.MEDIUM: Look("Medium", "chevron-up"),
        Priority.HIGH: Look("High", "chevrons-up"),
        Priority.CRITICAL: Look("Critical", "triangle-alert"),
    },
    "category": {
        Category.BILLING: Look("Billing", "credit-card"),
        Category.TECHNICAL: Look("Technical", "wrench"),
        Category.ACCOUNT: Look("Account", "user-round"),
        Category.GENERAL: Look("General", "message-circle"),
    },
    "sentiment": {
        Sentiment.CALM: Look("Calm", "smile"),
        Sentiment.NEUTRAL: Look("Neutral", "meh"),
        Sentiment.FRUSTRATED: Look("Frustrated", "frown"),
        Sentiment.ANGRY: Look("Angry", "angry"),
    },
}
"""Every field that has a closed set of values, in the order of the pages; its values in the
vocabulary's order."""

NARROW = "(max-width: 900px)"
"""Where the form is a sheet over the page; desk.css says the same."""

FIELD_WORDS = {
    "status": "Status",
    "priority": "Priority",
    "category": "Category",
    "sentiment": "Sentiment",
    "urgency_score": "Urgency",
    "title": "Title",
    "description": "Description",
    "requester_name": "Requester",
    "requester_email": "E-mail",
}

TRIAGE_LOOKS = {
    TriageStatus.PENDING: Look("Awaits AI", "hourglass"),
    TriageStatus.FAILED: Look("No AI answer", "circle-off"),
}
"""What a ticket's triage lacks. Where it lacks nothing, the engine is named."""
TRIAGED_ICON = "sparkles"

ENGINE_WORDS = {
    "offline": "Offline rules",
    "learned": "This desk's own lessons",
    "openai": "OpenAI",
    "gemini": "Gemini",
    "anthropic": "Claude",
    "ollama": "Ollama",
}

OUTCOME_WORDS = {
    "timeout": "timed out",
    "auth": "key refused",
    "quota": "account out of quota",
    "rate_limited": "too many requests",
    "unreachable": "unreachable",
    "invalid_answer": "unusable answer",
    "too_large": "answer too large",
    "refused": "text refused",
    "too_long": "text too long for the model",
    "bad_request": "request or model refused",
    "server_error": "provider's own error",
    "unexpected": "unexpected error",
    "cancelled": "no longer needed",
    "busy": "too many calls at once",
    "circuit_open": "paused after failures",
    "over_budget": "budget spent",
    "no_price": "price unknown, budget set",
    "ledger_unavailable": "ledger unreadable",
}


def field_word(field: str) -> str:
    """A field's name in words; its own name where it has none, so that every page can show it."""
    return FIELD_WORDS.get(field) or field.replace("_", " ").capitalize()


def word_for(field: str, value: str | None) -> str:
    """A field's value in words; the value itself where it has no word of its own."""
    if value is None:
        return "nothing"
    words = {str(known): look.word for known, look in LOOKS.get(field, {}).items()}
    return words.get(value, value)


def saved_in_words(ticket_id: int, field: str, value: str | None) -> str:
    """What is said of a change that was saved."""
    return f"{FIELD_WORDS[field]} of ticket {ticket_id} is saved: {word_for(field, value)}."


def tone(field: str, value: str) -> str:
    """The colour of a value, for a chart that takes colours and no classes."""
    return f"var(--{field}-{value.replace('_', '-')})"
