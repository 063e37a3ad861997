"""Finds tickets similar to a given one by their texts.

The newest tickets are compared one by one. Their document frequencies also show which words are
rare. The search index finds tickets of any age that share a rare word; these are compared too.
"""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction
from ticket_app.data.tickets import similar as queries
from ticket_app.data.tickets.queries import find_tickets
from ticket_app.data.tickets.similar import Beginning
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import SimilarTicket, TicketPublic
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.similarity import (
    LOOKUP_LETTERS,
    DocumentFrequencies,
    Similarity,
    words_of,
)

SAMPLED = 400
"""Newest tickets that are compared. The index is not used if the desk has no more tickets."""
COMPARED = 100
"""Tickets of the index that are compared."""
SIMILAR_FROM = 0.15
"""Least similarity (0..1) of a listed ticket."""
SHARED_SHOWN = 8
"""Shared words that are returned for a ticket."""


class _Near(NamedTuple):
    ticket: Beginning
    similarity: Similarity


def similar_tickets(actor: Actor, ticket_id: int, limit: int) -> list[SimilarTicket]:
    """Returns at most `limit` tickets with similar texts, by similarity, then newest first.

    Raises TicketNotFoundError if there is no such ticket.
    """
    require(actor, Verb.READ_TRIAGE)
    with read_transaction() as session:
        own = queries.beginning_of(session, ticket_id)
        if own is None:
            raise TicketNotFoundError(ticket_id)
        near = _nearest(session, own, limit)
        whole = find_tickets(session, [ticket.id for ticket, _ in near], scope_of(actor))
        return [
            SimilarTicket(
                ticket=TicketPublic.model_validate(whole[ticket.id]),
                similarity=similarity.value,
                shared_words=similarity.shared[:SHARED_SHOWN],
            )
            for ticket, similarity in near
        ]


def _nearest(session: Session, own: Beginning, limit: int) -> list[_Near]:
    newest = queries.newest_beginnings(session, but=own.id, limit=SAMPLED)
    frequencies = DocumentFrequencies(ticket.text for ticket in newest)
    words = words_of(own.text)
    looked_up = {
        word[:LOOKUP_LETTERS]: frequencies.weight(word)
        for word in frequencies.words_to_look_up(words)
    }
    rare: list[Beginning] = []
    if looked_up and len(newest) == SAMPLED:
        rare = queries.beginnings_with(session, looked_up, but=own.id, limit=COMPARED)
    compare = frequencies.compare_with(words, at_least=SIMILAR_FROM)
    near = [
        _Near(ticket, similarity)
        for ticket in {*newest, *rare}
        if (similarity := compare(words_of(ticket.text)))
    ]
    return sorted(near, key=_rank, reverse=True)[:limit]


def _rank(near: _Near) -> tuple[float, datetime, int]:
    return near.similarity.value, near.ticket.created_at, near.ticket.id
