"""What people decided of the desk's tickets, for learning from it."""

from ticket_app.data.engine import reading
from ticket_app.data.triage.learning import decided_before
from ticket_app.triage.learning.examples import Example
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.offline import triage_by_rules
from ticket_app.vocabulary import ID_MAX

EXAMPLES_MAX = 50_000
CHARACTERS_MAX = 50_000_000
"""Bounds the memory where tickets are long: 50,000 usual ones have 20 million."""

PAGE = 1_000


def decisions(field: LearnedField) -> list[Example]:
    """The newest tickets with a person's decision in this field, oldest first.

    They are read page by page, each in a short transaction of its own; a ticket that is changed
    meanwhile counts as it is when its page is read.
    """
    found: list[Example] = []
    characters, before = 0, ID_MAX
    while len(found) < EXAMPLES_MAX and characters < CHARACTERS_MAX:
        with reading() as session:
            page = decided_before(session, field, before, limit=PAGE)
        for number, title, description, value in page:
            found.append(Example(f"{title}\n\n{description}", value))
            characters += len(title) + len(description)
            before = number
        if len(page) < PAGE:
            break
    found.reverse()
    return found[-EXAMPLES_MAX:]


def rules_say(field: LearnedField, text: str) -> str:
    """What the rules alone propose for the text of a decision."""
    title, _, description = text.partition("\n\n")
    triage = triage_by_rules(description, title)
    return triage.category.value if field == "category" else triage.priority.value
