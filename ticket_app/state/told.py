"""What the form tells of a suggestion (whose, how sure, why) and of a text (length, fault)."""

from ticket_app.errors import InvalidInputError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.theme import ENGINE_WORDS, word_for
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import TriageField


def proposers(seen: Triage) -> dict[str, str]:
    """The word for the engine that proposed each field."""
    engines = {
        field.value: seen.source(field).engine
        for field in (TriageField.CATEGORY, TriageField.PRIORITY)
    }
    return {field: ENGINE_WORDS.get(engine, engine) for field, engine in engines.items()}


def sureness(seen: Triage, by: dict[str, str]) -> str:
    """How sure the engine is of what it suggests; a provider that does not say is not quoted."""
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
    """The words of the text that it rests on."""
    phrases = dict.fromkeys((*seen.category.evidence, *seen.priority.evidence))
    return [f"“{phrase}”" for phrase in phrases]


def counted(length: int, most: int) -> str:
    """How long a text is, beside how long it may be."""
    words = f"{length:,} of {most:,} characters"
    return words if length <= most else f"{words}: {length - most:,} too many"


def problem_of(field: str, text: str) -> dict[str, str]:
    """What is wrong with this field alone."""
    try:
        parse(TicketCreate, {field: text})
    except InvalidInputError as error:
        return {name: message for name, message in error.problems if name == field}
    return {}
