"""Sentences beside the form's fields: a suggestion's reasons, a text's length and error."""

from ticket_app.errors import InvalidInputError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.theme import ENGINE_WORDS, word_for
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import TriageField


def proposers(seen: Triage) -> dict[str, str]:
    """Returns the word for the engine that proposed each field."""
    engines = {
        field.value: seen.source(field).engine
        for field in (TriageField.CATEGORY, TriageField.PRIORITY)
    }
    return {field: ENGINE_WORDS.get(engine, engine) for field, engine in engines.items()}


def sureness(seen: Triage, by: dict[str, str]) -> str:
    """Returns the suggestion's confidences in words, without fields that have none."""
    findings = {"category": seen.category, "priority": seen.priority}
    said = {
        field: f"{word_for(field, finding.value)} {finding.confidence:.0%}"
        for field, finding in findings.items()
        if finding.confidence is not None
    }
    if len(set(by.values())) > 1:
        return ", ".join(f"{words} sure ({by[field]})" for field, words in said.items())
    return f"{', '.join(said.values())} sure" if said else ""


def reasons(seen: Triage) -> list[str]:
    """Returns the quotations of the text that support the suggestion."""
    phrases = dict.fromkeys((*seen.category.evidence, *seen.priority.evidence))
    return [f"“{phrase}”" for phrase in phrases]


def counted(length: int, most: int) -> str:
    """Returns the length of a text and its limit, in words."""
    words = f"{length:,} of {most:,} characters"
    return words if length <= most else f"{words}: {length - most:,} too many"


def problem_of(field: str, text: str) -> dict[str, str]:
    """Returns the error of this field alone, by its name."""
    try:
        parse(TicketCreate, {field: text})
    except InvalidInputError as error:
        return {name: message for name, message in error.problems if name == field}
    return {}
