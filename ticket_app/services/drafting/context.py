"""What a provider is shown for a draft: the public conversation, and replies to similar tickets.

Notes are for the team alone, and a draft goes to the customer: they are not shown.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.conversation import queries as messages
from ticket_app.data.conversation.participants import participants_of
from ticket_app.data.engine import read_transaction
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets.queries import find_ticket, find_tickets, last_erasing
from ticket_app.data.tickets.tables import Ticket
from ticket_app.schemas.conversation import PARTICIPANTS_MAX
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.text_comparison import without_details
from ticket_app.services.tickets.listing import existing
from ticket_app.services.tickets.similar import similar_tickets
from ticket_app.triage.provider.questions.draft_question import (
    EXAMPLE_SHOWN,
    EXAMPLES_MAX,
    DraftQuestion,
    Turn,
)
from ticket_app.vocabulary import ERASED_PERSON, Side

TURNS_MAX = 30
"""The newest replies of the conversation that are read."""
SIMILAR_MAX = 10
"""Similar tickets that are looked at for replies of the team."""
REPLIES_MAX = 2
"""Replies of one similar ticket."""
COMPARED_MAX, COMPARED_CHARACTERS = 20, 40_000
"""Replies of a source that a text is compared with, and their characters. They are more than were
shown, because others may have come since."""
NAME_LETTERS = 3
"""Letters of a part of a name that is taken out by itself."""
STAND_IN = "[…]"
"""It stands for a name, an address or a number of another customer."""


class DraftContext(NamedTuple):
    """The question for the provider, and the tickets whose replies are in it, in its order.

    `last_erasing` is the event of the last erasing before the texts were read.
    """

    question: DraftQuestion
    sources: tuple[int, ...]
    last_erasing: int


def read_context(actor: Actor, ticket_id: int) -> DraftContext:
    """Returns what the provider is shown for a reply to this ticket.

    Raises TicketNotFoundError.
    """
    require(actor, Verb.ASK_PROVIDER)
    near = [each.ticket.id for each in similar_tickets(actor, ticket_id, SIMILAR_MAX)]
    with read_transaction(QUICK) as session:
        erased_before = last_erasing(session)  # first: the texts are at least as new
        ticket = existing(find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        said = messages.messages_before(
            session, ticket_id, before=None, notes=False, limit=TURNS_MAX
        )
        others = find_tickets(session, near, scope_of(actor))
        examples = _examples(session, [others[each] for each in near if each in others])
    turns = tuple(Turn(each.side == Side.REQUESTER, each.body) for each, _ in reversed(said))
    question = DraftQuestion(ticket.title, ticket.description, turns, tuple(examples.values()))
    return DraftContext(question, tuple(examples), erased_before)


def text_of_sources(session: Session, ticket_ids: Sequence[int]) -> dict[int, str]:
    """Returns the replies of each ticket of which a provider may have been shown some."""
    replies = {
        each: messages.replies_of_team(session, each, limit=COMPARED_MAX) for each in ticket_ids
    }
    return {each: "\n\n".join(found)[:COMPARED_CHARACTERS] for each, found in replies.items()}


def own_text(session: Session, ticket: Ticket) -> str:
    """Returns what was said in public at a ticket: its requester knows it."""
    said = messages.messages_before(
        session, ticket.id or 0, before=None, notes=False, limit=TURNS_MAX
    )
    return "\n\n".join((ticket.title, ticket.description, *(each.body for each, _ in said)))


def _examples(session: Session, tickets: list[Ticket]) -> dict[int, str]:
    """Returns the replies of the first EXAMPLES_MAX tickets that have any, by their numbers."""
    found: dict[int, str] = {}
    for ticket in tickets:
        replies = messages.replies_of_team(session, ticket.id or 0, limit=REPLIES_MAX)
        names = _names_at(session, ticket)
        told = [_of_others(each, names) for each in replies]
        if text := "\n\n".join(each for each in told if each)[:EXAMPLE_SHOWN]:
            found[ticket.id or 0] = text
        if len(found) == EXAMPLES_MAX:
            break
    return found


def _names_at(session: Session, ticket: Ticket) -> set[str]:
    """Returns the names and addresses of a ticket's requester and of those copied on it."""
    copied = [each for each, _ in participants_of(session, ticket.id or 0, limit=PARTICIPANTS_MAX)]
    names = {ticket.requester_name, *(each.name for each in copied)} - {ERASED_PERSON}
    addresses = {ticket.requester_email, *(each.email for each in copied)}
    parts = {part for name in names if name for part in name.split() if len(part) >= NAME_LETTERS}
    return {each for each in names | addresses | parts if each}


def _of_others(reply: str, names: set[str]) -> str:
    """Returns a reply without what it quotes, and without who its customers are."""
    own = "\n".join(line for line in reply.splitlines() if not line.lstrip().startswith(">"))
    return without_details(own.strip(), names, STAND_IN)
