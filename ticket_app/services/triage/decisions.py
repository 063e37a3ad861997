"""Reads people's decisions about the desk's tickets as examples to learn from."""

from ticket_app.data.engine import read_transaction
from ticket_app.data.triage.learning import decided_before
from ticket_app.triage.learning.examples import Example
from ticket_app.triage.learning.fields import LearnedField
from ticket_app.triage.offline import triage_by_rules
from ticket_app.vocabulary import ID_MAX

EXAMPLES_MAX = 50_000
CHARACTERS_MAX = 50_000_000
"""Bounds the memory if tickets are long: 50,000 usual ones have 20 million characters."""

PAGE = 1_000


def decisions(field: LearnedField) -> list[Example]:
    """Returns the newest tickets with a person's decision in this field, oldest first.

    Each page is read in a short transaction of its own. A ticket that changes meanwhile counts as
    it is when its page is read.
    """
    found: list[Example] = []
    characters, before = 0, ID_MAX
    while len(found) < EXAMPLES_MAX and characters < CHARACTERS_MAX:
        with read_transaction() as session:
            page = decided_before(session, field, before, limit=PAGE)
        for number, title, description, value in page:
            found.append(Example(f"{title}\n\n{description}", value))
            characters += len(title) + len(description)
            before = number
        if len(page) < PAGE:
            break
    found.reverse()
    return found[-EXAMPLES_MAX:]


def proposal_by_rules(field: LearnedField, text: str) -> str:
    """Returns the value that the rules alone propose for an example's text."""
    title, _, description = text.partition("\n\n")
    triage = triage_by_rules(description, title)
    return triage.category.value if field == "category" else triage.priority.value
