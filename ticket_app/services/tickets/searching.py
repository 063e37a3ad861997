"""The search box: finds tickets by number, by the requester's address, or by words."""

import re
from contextlib import suppress
from typing import NamedTuple

from ticket_app.actor import Actor
from ticket_app.data.direct import driver_read
from ticket_app.data.folding import fold
from ticket_app.data.tickets import requesters
from ticket_app.data.tickets.searching.values import has_trigram
from ticket_app.data.tickets.sorting.reading import Found
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.people import PersonPublic
from ticket_app.schemas.tickets import (
    TicketFilter,
    TicketListQuery,
    TicketPage,
    TicketPublic,
)
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets import listing
from ticket_app.services.tickets.listing import SEARCH_COUNT_MAX, Matching
from ticket_app.services.tickets.requesters import (
    of_known_people,
    person_of,
    spellings_of,
)
from ticket_app.vocabulary import ID_MAX


class SearchResult(NamedTuple):
    """Result of a search: a page of matches and their number.

    `ticket` is the ticket with the number in the search box, on the first page only. `requester` is
    the address in the search box, if the page lists the tickets of this requester. `person` is the
    one by whom the list is filtered, for those who may read people.
    """

    page: TicketPage
    matching: Matching
    ticket: TicketPublic | None
    requester: str | None
    person: PersonPublic | None


NUMBER = re.compile(rf"#?\s*(\d{{1,{len(str(ID_MAX))}}})")


def ticket_by_number(actor: Actor, text: str) -> TicketPublic | None:
    """Returns the ticket whose number the text is, as #123 or 123, regardless of filters."""
    require(actor, Verb.READ_TICKETS)
    numbered = NUMBER.fullmatch((fold(text) or "").strip())  # full-width characters, too
    if numbered is None or not 0 < (number := int(numbered[1])) <= ID_MAX:
        return None
    with suppress(TicketNotFoundError):
        return listing.get_ticket(actor, number)
    return None


def requester_by_address(actor: Actor, text: str | None) -> str | None:
    """Returns the address that the text spells in any way, if a ticket was filed with it.

    Returns None for an actor who may not see the tickets of every requester: for them an address
    is a search text as any other.
    """
    require(actor, Verb.READ_TICKETS)
    scope = scope_of(actor)
    if scope.restriction:
        return None
    if text is None or not (addresses := spellings_of(text)):
        return None
    with driver_read() as connection:
        for address in addresses:
            if requesters.count_of(connection, address, TicketFilter(), scope, at_most=1):
                return address
    return None


def search(actor: Actor, query: TicketListQuery) -> SearchResult:
    """Returns the tickets that the search box means: a number's, a requester's, or by words.

    The page is sorted and filtered; the ticket with the number is not filtered.
    """
    require(actor, Verb.READ_TICKETS)
    query = of_known_people(query, actor)
    text, person = query.search, person_of(actor, query)
    requester = requester_by_address(actor, text)
    ticket = ticket_by_number(actor, text) if text and query.cursor is None else None
    if text and ticket and not has_trigram(text):
        # A number of one or two digits has no trigram, so no index finds it in the texts.
        nothing = listing.page_of(Found([]), query)
        return SearchResult(nothing, Matching(0), ticket, None, person)
    page = _page(actor, query, requester)
    has_all = query.cursor is None and page.next_cursor is None and page.stopped_after is None
    if text and has_all:  # to count them takes as long as to find them
        return SearchResult(page, Matching(len(page.items)), ticket, requester, person)
    return SearchResult(page, _count(actor, query, requester), ticket, requester, person)


def search_page(actor: Actor, query: TicketListQuery) -> TicketPage:
    """Returns a further page of the same list, without the count and the ticket."""
    require(actor, Verb.READ_TICKETS)
    query = of_known_people(query, actor)
    return _page(actor, query, requester_by_address(actor, query.search))


def _page(actor: Actor, query: TicketListQuery, requester: str | None) -> TicketPage:
    if requester is None:
        return listing.list_tickets(actor, query)
    with driver_read() as connection:
        found = requesters.tickets_of(
            connection,
            requester,
            query,
            scope_of(actor),
            sort=query.sort,
            limit=query.limit + 1,
            after=query.place,
        )
    return listing.page_of(found, query)


def _count(actor: Actor, query: TicketListQuery, requester: str | None) -> Matching:
    wanted = TicketFilter(**query.model_dump(include=set(TicketFilter.model_fields)))
    if requester is None:
        return listing.count_tickets(actor, wanted)
    with driver_read() as connection:
        found = requesters.count_of(
            connection, requester, wanted, scope_of(actor), at_most=SEARCH_COUNT_MAX + 1
        )
    return listing.counted(found)
