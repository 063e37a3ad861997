"""Filing tickets: their rows, the first line of each history, what was proposed, and who waits.

All of it in one transaction, and on PostgreSQL in one statement. The idempotency key of a ticket
is claimed in the same transaction: who comes second with a key waits until the first has committed.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic_core import to_json

from ticket_app.data.direct import Direct, get_dialect, telling
from ticket_app.data.plain_sql import Row
from ticket_app.data.tickets.columns import JOB, KEY, SUGGESTION, TICKET
from ticket_app.data.tickets.filing_sql import AT_ONCE, CREATED, ONCE_FOR_EACH_KEY, find_keys
from ticket_app.data.types import phrases_as_text
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.vocabulary import Edge, EventKind, TriageScope

ROUNDS_MAX = 2
"""A key that was there at the claim may be gone at the look: it was a day old. Then it is free."""


class Claim(NamedTuple):
    """The idempotency key of a request, and the fingerprint of what it asks for."""

    key: str
    fingerprint: str


class NewTicket(NamedTuple):
    """A ticket to be stored: the fields of a TicketPublic but the id, and what was proposed for it:
    rows of SUGGESTION, the evidence as a tuple. One that `waits` is to be seen by a provider."""

    ticket: Row
    proposed: list[Row]
    waits: bool
    claim: Claim | None = None


class Earlier(NamedTuple):
    """What a key has filed before: `ticket` is the JSON of the ticket then, without its id."""

    fingerprint: str
    ticket_id: int
    ticket: str


def file_tickets(new: Sequence[NewTicket], edge: Edge) -> list[int | Earlier]:
    """Store them, durably, all or none; returns their ids in the same order.

    Where the key of one is taken already, by another of these or by an earlier request, it is not
    stored, and what the key has filed stands in its place.
    """
    if get_dialect() == "sqlite":
        with telling() as tell:
            return [_in_several_statements(tell, each, edge) for each in new]
    if any(each.claim for each in new):
        return _once_for_each_key(new, edge)
    with telling() as tell:
        return [ticket_id for ticket_id, _ in tell.write(AT_ONCE, _as_json(new, edge))]


def _as_json(new: Sequence[NewTicket], edge: Edge) -> Row:
    tickets = [
        {
            **each.ticket,
            "proposed": each.proposed,
            "waits": each.waits,
            **(_key_row(each, each.claim) if each.claim else {}),
        }
        for each in new
    ]
    return {"tickets": to_json(tickets).decode(), "edge": edge}


def _key_row(new: NewTicket, claim: Claim) -> Row:
    return {**claim._asdict(), "ticket": to_json(new.ticket).decode()}


def _once_for_each_key(new: Sequence[NewTicket], edge: Edge) -> list[int | Earlier]:
    """Each round is a transaction of its own, and sees what was committed before it."""
    done: dict[int, int | Earlier] = {}
    for _ in range(ROUNDS_MAX):
        places = [place for place in range(len(new)) if place not in done]
        values = _as_json([new[place] for place in places], edge)
        with telling() as tell:
            rows = tell.write(ONCE_FOR_EACH_KEY, values)
            done |= {places[number - 1]: ticket_id for ticket_id, number in rows}
            done |= _found(tell, {place: new[place] for place in places if place not in done})
        if len(done) == len(new):
            return [done[place] for place in range(len(new))]
    raise DatabaseUnavailableError


def _found(tell: Direct, taken: dict[int, NewTicket]) -> dict[int, Earlier]:
    keys = {place: each.claim.key for place, each in taken.items() if each.claim}
    if not keys:
        return {}
    rows = tell.rows(find_keys(tell.dialect), {"keys": sorted(set(keys.values()))})
    known = {key: Earlier(*kept) for key, *kept in rows}
    return {place: known[key] for place, key in keys.items() if key in known}


def _in_several_statements(tell: Direct, new: NewTicket, edge: Edge) -> int | Earlier:
    """SQLite has one writer: a key that is not there when it is looked for stays free."""
    if new.claim is not None:
        for _, *kept in tell.rows(find_keys(tell.dialect), {"keys": new.claim.key}):
            return Earlier(*kept)
    ticket_id = tell.insert("ticket", tuple(TICKET), new.ticket)
    of_ticket = {"ticket_id": ticket_id, "created_at": new.ticket["created_at"]}
    event = of_ticket | {"ticket_version": 1, "kind": EventKind.CREATED, "edge": edge}
    tell.insert("ticket_event", (*of_ticket, *CREATED), event)
    for proposed in new.proposed:
        row = of_ticket | proposed | {"evidence": phrases_as_text(proposed["evidence"])}
        tell.insert("suggestion", (*of_ticket, *SUGGESTION), row)
    if new.waits:
        job = of_ticket | {"scope": TriageScope.ALL, "due_at": new.ticket["created_at"]}
        tell.insert("triage_job", (*of_ticket, *JOB), job)
    if new.claim is not None:
        key = of_ticket | _key_row(new, new.claim)
        tell.insert("idempotency_key", (*of_ticket, *KEY), key)
    return ticket_id
