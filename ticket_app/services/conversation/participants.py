"""The people copied on a ticket. They see it as its requester does, and speak for the requester."""

from datetime import datetime

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.bus import Change, bus
from ticket_app.data.conversation import participants as stored
from ticket_app.data.conversation.tables import TicketParticipant
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts
from ticket_app.data.people.tables import Person
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets import queries
from ticket_app.data.tickets.tables import Ticket
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.schemas.assignees import PARTICIPANT
from ticket_app.schemas.conversation import (
    PARTICIPANTS_MAX,
    ParticipantCreate,
    ParticipantPublic,
)
from ticket_app.services.people.accounts.person_rows import id_of, person_with
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.listing import existing
from ticket_app.services.tickets.recording import moment_of_change, record_participant
from ticket_app.vocabulary import EventKind

UNKNOWN = "There is no such person, or they are not active."
IS_REQUESTER = "This person is the requester of the ticket, and sees it anyway."
TOO_MANY = f"A ticket has {PARTICIPANTS_MAX} participants at most. Remove one first."


def list_participants(actor: Actor, ticket_id: int) -> list[ParticipantPublic]:
    """Returns the people copied on a ticket, in the order in which they were added. Raises
    TicketNotFoundError."""
    require(actor, Verb.READ_PEOPLE)
    with read_transaction(QUICK) as session:
        existing(queries.find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        found = stored.participants_of(session, ticket_id, limit=PARTICIPANTS_MAX)
        return [_public(person, added_at) for person, added_at in found]


def add_participant(actor: Actor, ticket_id: int, new: ParticipantCreate) -> ParticipantPublic:
    """Copies a person on a ticket; does nothing if they are. An unknown address becomes a person.

    Raises TicketNotFoundError, and InvalidInputError for someone unknown or inactive, for the
    requester, and at a ticket with PARTICIPANTS_MAX people.
    """
    require(actor, Verb.CHANGE_TICKETS)
    with write_transaction(QUICK) as session:
        person = _person(session, actor, new.person)
        person_id = id_of(person)
        ticket = existing(queries.lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        known = stored.find_participant(session, ticket_id, person_id)
        if known is not None:
            return _public(*known)
        _require_room(session, ticket, ticket_id, person_id)
        now = moment_of_change(ticket, actor)
        added = TicketParticipant(
            ticket_id=ticket_id,
            person_id=person_id,
            ticket_created_at=ticket.created_at,
            added_at=now,
        )
        session.add(added)
        record_participant(session, ticket, actor, now, added=person_id)
        public = _public(person, now)
    bus.publish(Change(ticket_id, EventKind.CHANGED, frozenset({PARTICIPANT})))
    return public


def remove_participant(actor: Actor, ticket_id: int, person_id: int) -> None:
    """Takes a person off a ticket, which they see no longer. Someone who is not copied on it stays
    so. Raises TicketNotFoundError."""
    require(actor, Verb.CHANGE_TICKETS)
    with write_transaction(QUICK) as session:
        ticket = existing(queries.lock_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        if not stored.remove_participant(session, ticket_id, person_id):
            return
        now = moment_of_change(ticket, actor)
        record_participant(session, ticket, actor, now, removed=person_id)
    bus.publish(Change(ticket_id, EventKind.CHANGED, frozenset({PARTICIPANT})))


def _person(session: Session, actor: Actor, key: int | str) -> Person:
    person = (
        accounts.find_person(session, key)
        if isinstance(key, int)
        else person_with(session, actor, key, None)
    )
    if person is None or not person.active:
        raise InvalidInputError([FieldProblem("person", UNKNOWN)])
    return person


def _require_room(session: Session, ticket: Ticket, ticket_id: int, person_id: int) -> None:
    if ticket.requester_id == person_id:
        raise InvalidInputError([FieldProblem("person", IS_REQUESTER)])
    if stored.count_participants(session, ticket_id) >= PARTICIPANTS_MAX:
        raise InvalidInputError([FieldProblem("person", TOO_MANY)])


def _public(person: Person, added_at: datetime) -> ParticipantPublic:
    return ParticipantPublic(
        id=id_of(person), name=person.name, email=person.email, added_at=added_at
    )
