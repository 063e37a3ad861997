"""Requesters: the filter of lists by one of them, those whom a typed name finds, and the links of
tickets to people.

Tickets were filed without a link before there were people, by a server of the version before, or
while another transaction inserted the same person.
"""

import unicodedata
from collections.abc import Iterable
from typing import TypeVar

from ticket_app.actor import Actor
from ticket_app.addresses import bare_address, composed, folded, is_address
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.folding import fold
from ticket_app.data.people.accounts import find_by_address, find_people
from ticket_app.data.people.requesters import person_ids, requester_of
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.data.tickets.requesters import link_tickets, lock_unlinked, with_tickets
from ticket_app.errors import PersonNotFoundError
from ticket_app.schemas.assignees import ME
from ticket_app.schemas.people import PeopleListQuery, PersonPublic
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.assignees import own_number
from ticket_app.services.people.permission import Verb, may, require, scope_of
from ticket_app.vocabulary import SEARCH_MAX, Role

LINKED_AT_ONCE = 1_000
NOBODY = 0
"""The number of no person: theirs begin at 1."""
NAMED_MAX = 5
LOOKED_AT = 50
"""People among whom those with tickets are taken. The others are mostly of the team."""
SHORTEST = 2
"""Characters of a name from which on people are suggested."""

Filter = TypeVar("Filter", bound=TicketFilter)


def of_known_people(wanted: Filter, actor: Actor) -> Filter:
    """Returns the filter with numbers in place of the requester's address, and of ME as assignee.

    They are NOBODY for an address that no ticket has, and if no person acts.
    """
    if wanted.assignee == ME:
        with read_transaction(QUICK) as session:
            own = own_number(session, actor) or NOBODY
        wanted = wanted.model_copy(update={"assignee": own})
    if not isinstance(wanted.requester, str):
        return wanted
    with read_transaction(QUICK) as session:
        people = (find_by_address(session, folded(each)) for each in spellings_of(wanted.requester))
        found = next((person.id for person in people if person), NOBODY)
    return wanted.model_copy(update={"requester": found})


def spellings_of(text: str) -> tuple[str, ...]:
    """Returns the addresses that the text may mean; () if it is none.

    An early ticket, and its person, may have an address with decomposed accents.
    """
    folded_text = fold(text) or ""
    if "@" not in folded_text:
        return ()
    spellings = (text, folded_text, unicodedata.normalize("NFD", text))
    addresses = [bare for each in spellings if is_address(bare := bare_address(each))]
    return tuple(dict.fromkeys((composed(addresses[0]), *addresses))) if addresses else ()


def person_of(actor: Actor, wanted: TicketFilter) -> PersonPublic | None:
    """Returns the person by whose number a list is filtered; None without one, if there is no such
    person, and for an actor who may not read people."""
    require(actor, Verb.READ_TICKETS)
    if not isinstance(wanted.requester, int) or not may(actor, Verb.READ_PEOPLE):
        return None
    try:
        return directory.get_person(actor, wanted.requester)
    except PersonNotFoundError:
        return None


def requesters_named(actor: Actor, text: str) -> list[PersonPublic]:
    """Returns up to NAMED_MAX people with tickets, whom the beginning of a name or an address finds
    among the first LOOKED_AT."""
    require(actor, Verb.READ_PEOPLE)
    if not SHORTEST <= len(text.strip()) <= SEARCH_MAX or not any(map(str.isalpha, text)):
        return []
    found = directory.find_people(actor, PeopleListQuery(search=text, limit=LOOKED_AT)).people
    with read_transaction(QUICK) as session:
        some = with_tickets(session, [each.id for each in found], scope_of(actor))
    return [each for each in found if each.id in some][:NAMED_MAX]


def own_addresses(actors: Iterable[Actor]) -> dict[int | None, str | None]:
    """Returns the address of each requester among the actors, by the id of the person."""
    who = (each.identity for each in actors)
    ids = {one.person_id for one in who if one.role is Role.REQUESTER and one.person_id}
    with read_transaction(QUICK) as session:
        return {each.id: each.email for each in find_people(session, ids)}


def link_requesters(actor: Actor, after: int = 0) -> int:
    """Links up to LINKED_AT_ONCE tickets with an id above `after`, in one short transaction.

    Returns the id of the last one, from which the next call goes on, or 0 if no more are found.
    Several processes may call it together. It is no change of a ticket, so nobody is notified.
    """
    require(actor, Verb.OPERATE)
    with write_transaction() as session:
        found = lock_unlinked(session, after, limit=LINKED_AT_ONCE)
        requesters = {ticket_id: requester_of(name, address) for ticket_id, name, address in found}
        asked = {ticket_id: each for ticket_id, each in requesters.items() if each is not None}
        if asked:
            ids = person_ids(session, asked.values(), actor.at)
            link_tickets(session, {ticket_id: ids[each.email] for ticket_id, each in asked.items()})
    return max(asked) if len(found) == LINKED_AT_ONCE else 0
