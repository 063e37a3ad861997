"""Files tickets: their rows, first events, suggestions, triage jobs, and people who are new.

All rows are written in one transaction, and on PostgreSQL in one statement. The same transaction
claims a ticket's idempotency key, so a second request with that key waits for its commit.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic_core import to_json

from ticket_app.actor import Actor
from ticket_app.data.direct import DriverConnection, driver_write, get_dialect
from ticket_app.data.people.requesters import Requester, person_id_on_sqlite
from ticket_app.data.plain_sql import Row
from ticket_app.data.tickets.columns import JOB, KEY, SUGGESTION, TICKET
from ticket_app.data.tickets.events import event_row, insert_events
from ticket_app.data.tickets.filing_sql import file_all, file_once_per_key, find_keys
from ticket_app.data.types import phrases_as_text
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.vocabulary import EventKind, TriageScope

ROUNDS_MAX = 2
"""Rounds of claiming keys. A key that was taken at the claim may have expired when it is read; it
is free then, and the second round claims it."""


class KeyClaim(NamedTuple):
    """The idempotency key of a request, and the fingerprint of the request's values."""

    key: str
    fingerprint: str


class NewTicket(NamedTuple):
    """A ticket to be stored, and who files it.

    `ticket` has the columns of TICKET. `proposed` are rows of SUGGESTION with the evidence as a
    tuple. A ticket that `waits` gets a job for the provider. Its `requester` becomes a person.
    """

    actor: Actor
    ticket: Row
    proposed: list[Row]
    waits: bool
    claim: KeyClaim | None = None
    requester: Requester | None = None


class StoredResponse(NamedTuple):
    """The stored response of a key: `ticket` is the ticket's JSON when filed, without the id."""

    fingerprint: str
    ticket_id: int
    ticket: str


def file_tickets(new: Sequence[NewTicket]) -> list[int | StoredResponse]:
    """Store the tickets durably, all or none; return their ids in the same order.

    A ticket whose key is taken, by another one of these or by an earlier request, is not stored:
    the key's stored response is returned in its place.
    """
    if get_dialect() == "sqlite":
        with driver_write() as connection:
            return [_file_on_sqlite(connection, each) for each in new]
    if any(each.claim for each in new):
        return _file_once_per_key(new)
    statement = file_all(people=_name_people(new))
    with driver_write() as connection:
        return [ticket_id for ticket_id, _ in connection.write(statement, _as_json(new))]


def _name_people(new: Sequence[NewTicket]) -> bool:
    return any(each.requester for each in new)


def _as_json(new: Sequence[NewTicket]) -> Row:
    tickets = [
        {
            **each.ticket,
            "edge": each.actor.edge,
            "actor": each.actor.who,
            "actor_id": each.actor.identity.person_id,
            "proposed": each.proposed,
            "waits": each.waits,
            **(_person_row(each.requester) if each.requester else {}),
            **(_key_row(each, each.claim) if each.claim else {}),
        }
        for each in new
    ]
    return {"tickets": to_json(tickets).decode()}


def _person_row(requester: Requester) -> Row:
    return {"person_email": requester.email, "person_name": requester.name}


def _key_row(new: NewTicket, claim: KeyClaim) -> Row:
    return {**claim._asdict(), "ticket": to_json(new.ticket).decode()}


def _file_once_per_key(new: Sequence[NewTicket]) -> list[int | StoredResponse]:
    """Store the tickets whose keys are free. Each round is a transaction of its own."""
    done: dict[int, int | StoredResponse] = {}
    statement = file_once_per_key(people=_name_people(new))
    for _ in range(ROUNDS_MAX):
        places = [place for place in range(len(new)) if place not in done]
        values = _as_json([new[place] for place in places])
        with driver_write() as connection:
            rows = connection.write(statement, values)
            done |= {places[number - 1]: ticket_id for ticket_id, number in rows}
            done |= _stored_responses(
                connection, {place: new[place] for place in places if place not in done}
            )
        if len(done) == len(new):
            return [done[place] for place in range(len(new))]
    raise DatabaseUnavailableError


def _stored_responses(
    connection: DriverConnection, taken: dict[int, NewTicket]
) -> dict[int, StoredResponse]:
    keys = {place: each.claim.key for place, each in taken.items() if each.claim}
    if not keys:
        return {}
    rows = connection.rows(find_keys(connection.dialect), {"keys": sorted(set(keys.values()))})
    known = {key: StoredResponse(*stored) for key, *stored in rows}
    return {place: known[key] for place, key in keys.items() if key in known}


def _file_on_sqlite(connection: DriverConnection, new: NewTicket) -> int | StoredResponse:
    """Store a ticket on SQLite. With one writer, a key that is free at the check stays free."""
    if new.claim is not None:
        for _, *stored in connection.rows(find_keys(connection.dialect), {"keys": new.claim.key}):
            return StoredResponse(*stored)
    person_id = person_id_on_sqlite(connection, new.requester, new.ticket["created_at"])
    ticket = new.ticket | {"requester_id": person_id}
    ticket_id = connection.insert("ticket", (*TICKET, "requester_id"), ticket)
    of_ticket = {"ticket_id": ticket_id, "created_at": new.ticket["created_at"]}
    event = event_row(EventKind.CREATED, new.actor)
    insert_events(connection, [event], ticket_id, 1, new.ticket["created_at"])
    for proposed in new.proposed:
        row = of_ticket | proposed | {"evidence": phrases_as_text(proposed["evidence"])}
        connection.insert("suggestion", (*of_ticket, *SUGGESTION), row)
    if new.waits:
        job = of_ticket | {"scope": TriageScope.ALL, "due_at": new.ticket["created_at"]}
        connection.insert("triage_job", (*of_ticket, *JOB), job)
    if new.claim is not None:
        key = of_ticket | _key_row(new, new.claim)
        connection.insert("idempotency_key", (*of_ticket, *KEY), key)
    return ticket_id
