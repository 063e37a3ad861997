"""Erases the data of one requester: the person, and what the person wrote wherever it was copied.

Figures stay. Each batch of tickets is a transaction of its own, so that an erasing may be
interrupted and run again. The person comes last, because the address finds what is left to do.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.addresses import bare_address, composed, folded, spellings
from ticket_app.bus import Change, bus
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.erasing import people, remnants, tickets
from ticket_app.data.people import accounts
from ticket_app.data.people.requesters import person_ids, requester_of
from ticket_app.data.people.tables import Person
from ticket_app.data.tickets import queries
from ticket_app.data.tickets.events import add_events, event_row
from ticket_app.data.tickets.requesters import link_tickets, lock_unlinked
from ticket_app.data.triage.learning import unlearn
from ticket_app.errors import BusyError, PersonHasAccountError, PersonNotFoundError
from ticket_app.services.conversation.attachments.cleaning import remove_all_loose_files
from ticket_app.services.erasing.words import in_words
from ticket_app.services.people import identity
from ticket_app.services.people.accounts.person_rows import id_of
from ticket_app.services.people.audit import audit
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.tickets.requesters import LINKED_AT_ONCE, link_requesters
from ticket_app.vocabulary import ERASED_PERSON, AuditAction, ErasingKind, EventKind, Role

AT_ONCE = 500
"""Tickets, and events that are looked at, in one transaction."""
ROUNDS_MAX = 20
"""Rounds in which new tickets of the requester may still turn up."""


class FoundRequester(NamedTuple):
    """What the desk has of a requester. Several spellings of one address may be several people.

    `people` are their ids, and `names` of those who are not erased yet. `tickets` includes the
    `deleted` ones. `handed_on` tickets belong to somebody else now, but their history names the
    requester.
    """

    addresses: frozenset[str]
    people: tuple[int, ...]
    names: dict[int, str]
    tickets: int
    deleted: int
    handed_on: int

    @property
    def is_nothing(self) -> bool:
        """True if there is nothing to erase."""
        return not (self.names or self.tickets or self.handed_on)


def find_requester(actor: Actor, who: str | int) -> FoundRequester:
    """Returns what the desk has of the requester with this address or id.

    Links each ticket to its requester first, as the server does in the background. Raises
    PersonNotFoundError for an unknown id, and PersonHasAccountError for someone with an account.
    """
    require(actor, Verb.OPERATE)
    _link_all(actor)
    with read_transaction() as session:
        addresses = _addresses(session, who)
        found = people.find_people(session, [who] if isinstance(who, int) else [], addresses)
        for person in found:
            _require_no_account(session, person)
        ids = tuple(id_of(person) for person in found)
        counts = [tickets.count_tickets_of(session, person_id) for person_id in ids]
    return FoundRequester(
        addresses=addresses,
        people=ids,
        names={id_of(each): each.name for each in found if not _is_erased(each)},
        tickets=sum(every for every, _ in counts),
        deleted=sum(deleted for _, deleted in counts),
        handed_on=len({each for page in _handed_on(addresses, ids) for each in page}),
    )


def erase_requester(actor: Actor, found: FoundRequester) -> Iterator[int]:
    """Erases the requester's data; yields the number of tickets of each batch, as it is committed.

    Raises PersonHasAccountError if an account was made meanwhile, and BusyError if new tickets of
    the requester keep turning up.
    """
    require(actor, Verb.OPERATE)
    return _batches(actor, found)


def _batches(actor: Actor, found: FoundRequester) -> Iterator[int]:
    erased = 0
    for _ in range(ROUNDS_MAX):
        for person_id in found.people:
            while done := _erase_some(actor, person_id):
                erased += done
                yield done
        for page in _handed_on(found.addresses, found.people):
            if page:
                _erase_histories(actor, page)
                yield len(page)
        _erase_words(actor, found.people)
        remnants.merge_search_indexes()
        late = _finish(actor, found, erased)
        if late is not None:
            if late:
                remnants.merge_search_indexes()
            remove_all_loose_files(actor)
            yield late
            return
        _link_all(actor)
    raise BusyError


def _erase_some(actor: Actor, person_id: int) -> int:
    with write_transaction() as session:
        accounts.lock_desk(session)
        ids = tickets.lock_tickets_of(session, person_id, limit=AT_ONCE)
        _erase(session, actor, ErasingKind.TEXTS, ids)
    _publish(ids)
    return len(ids)


def _erase_words(actor: Actor, person_ids: Collection[int]) -> None:
    """Erases what the people said on tickets of others, where they were copied."""
    ids = [0]
    while ids:
        with write_transaction() as session:
            accounts.lock_desk(session)
            ids = _erase_some_words(session, actor, person_ids)
        _publish(ids)


def _erase_some_words(session: Session, actor: Actor, person_ids: Collection[int]) -> list[int]:
    found = people.erase_messages(session, person_ids, limit=AT_ONCE)
    for ticket_id, version, at in found:
        add_events(session, [event_row(EventKind.ERASED, actor)], ticket_id, version, at)
    return [ticket_id for ticket_id, _, _ in found]


def _erase_histories(actor: Actor, ids: Collection[int]) -> None:
    with write_transaction() as session:
        accounts.lock_desk(session)
        _erase(session, actor, ErasingKind.HISTORY, ids)
    _publish(ids)


def _erase(session: Session, actor: Actor, kind: ErasingKind, ids: Collection[int]) -> None:
    """Calls the function, and records it in the history of each ticket.

    The lock of the desk gives erasings their events in the order of their commits: see news.py.
    """
    if not ids:
        return
    if kind is ErasingKind.TEXTS and tickets.decided_in(session, ids):
        unlearn(session)  # a model has words of the texts that it was learned from
    for ticket_id, version, at in tickets.erase(session, kind, ids, actor.at):
        add_events(session, [event_row(EventKind.ERASED, actor)], ticket_id, version, at)


def _finish(actor: Actor, found: FoundRequester, erased: int) -> int | None:
    """Erases the person while nobody writes a ticket, so that none comes in between.

    Returns the number of tickets that had come late, or None, with nothing done, if they are many.
    """
    with write_transaction() as session:
        accounts.lock_desk(session)
        tickets.keep_writers_out(session)
        if not _link_late(session, actor, found):
            return None
        persons = people.find_people(session, found.people, found.addresses)
        late: list[int] = []
        for person in persons:
            late += tickets.lock_tickets_of(session, id_of(person), limit=AT_ONCE)
        if len(late) >= AT_ONCE:
            return None
        _erase(session, actor, ErasingKind.TEXTS, late)
        late += _erase_some_words(session, actor, [id_of(person) for person in persons])
        for person in persons:
            _erase_person(session, actor, person)
        for person_id in [id_of(person) for person in persons] or (None,):
            detail = in_words(erased + len(late))
            action = AuditAction.REQUESTER_ERASED
            audit(session, actor, action, person_id=person_id, detail=detail)
    for person in persons:
        identity.forget_person(id_of(person))
    _publish(late)
    return len(late)


def _link_late(session: Session, actor: Actor, found: FoundRequester) -> bool:
    """Links the requester's tickets that are not linked yet. Returns False if too many are not."""
    waiting = lock_unlinked(session, 0, limit=LINKED_AT_ONCE)
    asked = {
        ticket_id: requester
        for ticket_id, name, address in waiting
        if (requester := requester_of(name, address)) and requester.email in found.addresses
    }
    if asked:
        ids = person_ids(session, asked.values(), actor.at)
        link_tickets(session, {ticket_id: ids[each.email] for ticket_id, each in asked.items()})
    return len(waiting) < LINKED_AT_ONCE


def _erase_person(session: Session, actor: Actor, person: Person) -> None:
    _require_no_account(session, person)
    people.remove_owned(session, id_of(person))
    person.name, person.email, person.active = ERASED_PERSON, None, False
    person.updated_at = actor.at
    session.flush()


def _require_no_account(session: Session, person: Person) -> None:
    may_sign_in = person.active and accounts.with_account(session, [id_of(person)])
    if person.role != Role.REQUESTER or may_sign_in:
        raise PersonHasAccountError(person.email or f"#{person.id}", person.role)


def _addresses(session: Session, who: str | int) -> frozenset[str]:
    if isinstance(who, str):
        return spellings(bare_address(who))
    person = accounts.find_person(session, who)
    if person is None:
        raise PersonNotFoundError(f"#{who}")
    return spellings(person.email) if person.email else frozenset()


def _is_erased(person: Person) -> bool:
    return person.name == ERASED_PERSON and person.email is None and not person.active


def _handed_on(addresses: Collection[str], own: Collection[int]) -> Iterator[list[int]]:
    """Yields page by page the tickets of others whose history has one of the addresses."""
    known = {composed(address) for address in addresses}
    after = 0
    while known:
        with read_transaction() as session:
            page = queries.address_changes_after(session, after, limit=AT_ONCE)
        yield sorted(
            {
                ticket_id
                for _, ticket_id, address, requester_id in page
                if address and composed(folded(address)) in known and requester_id not in own
            }
        )
        if len(page) < AT_ONCE:
            return
        after = page[-1][0]


def _link_all(actor: Actor) -> None:
    after = 0
    while after := link_requesters(actor, after):
        pass


def _publish(ticket_ids: Iterable[int]) -> None:
    for ticket_id in ticket_ids:
        bus.publish(Change(ticket_id, EventKind.ERASED))
