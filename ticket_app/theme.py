"""The word and the icon of each value, defined once. Its colour is defined once in assets/desk.css.

A component sets `data-<field>="<value>"`, and the stylesheet gives it the tone. So a value has one
colour on every page and in every chart. Colour is never the only sign of a value.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from ticket_app.vocabulary import (
    TEXT,
    Category,
    Priority,
    Role,
    Sentiment,
    Status,
    TokenScope,
    TriageStatus,
)

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
"""Every field with a closed set of values, in the order of the pages. Its values have the
vocabulary's order."""

NARROW = "(max-width: 900px)"
"""The window in which the form is a sheet over the page. desk.css repeats it."""

ROLE_WORDS: Mapping[Role, str] = {
    Role.REQUESTER: "Requester",
    Role.AGENT: "Agent",
    Role.ADMINISTRATOR: "Administrator",
}

SCOPE_WORDS: Mapping[TokenScope, str] = {
    TokenScope.READ: "Read",
    TokenScope.WRITE: "Read and write",
    TokenScope.ADMIN: "Administer people, too",
}


class DateLanguage(NamedTuple):
    """The words for a way to write dates, the tag of its locale, and its clock, if it has them."""

    word: str
    tag: str = ""
    clock: str = ""


OWN_LANGUAGE, ISO = "browser", "iso"
DATE_LANGUAGES: Mapping[str, DateLanguage] = {
    "": DateLanguage("English, as this page"),
    OWN_LANGUAGE: DateLanguage("As this browser"),
    "en-GB": DateLanguage("English (UK)", "en-GB", "h23"),
    "en-US": DateLanguage("English (US)", "en-US", "h12"),
    "de-DE": DateLanguage("Deutsch", "de-DE", "h23"),
    "es-ES": DateLanguage("Espa\u00f1ol", "es-ES", "h23"),
    "fr-FR": DateLanguage("Fran\u00e7ais", "fr-FR", "h23"),
    "pt-BR": DateLanguage("Portugu\u00eas", "pt-BR", "h23"),
    # This locale has the order of ISO 8601, and English words.
    ISO: DateLanguage("2026-12-31", "en-SE", "h23"),
}
"""The ways to write dates that a browser may keep. "" is that of the page."""

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
    "assignee_id": "Assignee",
    "participant": "Participant",
}

TRIAGE_LOOKS = {
    TriageStatus.PENDING: Look("Awaits AI", "hourglass"),
    TriageStatus.FAILED: Look("No AI answer", "circle-off"),
}
"""Badges of a triage that is not done. A finished triage names its engine instead."""
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
    """Returns a field's name in words, or its own name if it has none, so that every page can show
    it."""
    return FIELD_WORDS.get(field) or field.replace("_", " ").capitalize()


def word_for(field: str, value: str | None) -> str:
    """Returns a field's value in words, or the value itself if it has no word."""
    if value is None:
        return "nothing"
    words = {str(known): look.word for known, look in LOOKS.get(field, {}).items()}
    return words.get(value, value)


def saved_sentence(ticket_id: int, field: str, value: str | None) -> str:
    """Returns the sentence that reports a saved change."""
    said = f"{field_word(field)} of ticket {ticket_id} is saved"
    return f"{said}." if field in TEXT else f"{said}: {word_for(field, value)}."


def tone(field: str, value: str) -> str:
    """Returns the colour of a value, for a chart that takes colours and no classes."""
    return f"var(--{field}-{value.replace('_', '-')})"
