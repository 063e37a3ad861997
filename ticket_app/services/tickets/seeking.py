"""What a person means by a text in the search box: a ticket's number, a requester, or words."""

import re
import unicodedata
from contextlib import suppress
from typing import NamedTuple

from ticket_app.addresses import bare_address, composed, is_address
from ticket_app.data.direct import asking
from ticket_app.data.folding import fold
from ticket_app.data.tickets import requesters
from ticket_app.data.tickets.list_queries import has_trigram
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import (
    Position,
    TicketFilter,
    TicketListQuery,
    TicketPage,
    TicketPublic,
)
from ticket_app.services.tickets import listing
from ticket_app.services.tickets.listing import SEARCH_COUNT_MAX, Matching
from ticket_app.vocabulary import ID_MAX


class Meant(NamedTuple):
    """What a query leads to: a page, how many there are, the ticket whose number the search is (on
    the first page), and the address by which the others were filed."""

    page: TicketPage
    matching: Matching
    ticket: TicketPublic | None
    requester: str | None


NUMBER = re.compile(rf"#?\s*(\d{{1,{len(str(ID_MAX))}}})")


def ticket_meant_by(search: str) -> TicketPublic | None:
    """The ticket whose number the text is, as #123 or 123; whatever else a filter asks for."""
    numbered = NUMBER.fullmatch((fold(search) or "").strip())  # full-width signs, too
    if numbered is None or not 0 < (number := int(numbered[1])) <= ID_MAX:
        return None
    with suppress(TicketNotFoundError):
        return listing.get_ticket(number)
    return None


def requester_meant_by(search: str | None) -> str | None:
    """The address that the text is, however it is written, if some ticket was filed by it."""
    folded = fold(search) or ""
    if search is None or "@" not in folded:
        return None
    # An earlier ticket may have it with its accents apart.
    written = (search, folded, unicodedata.normalize("NFD", search))
    addresses = [bare for each in written if is_address(bare := bare_address(each))]
    if not addresses:
        return None
    with asking() as ask:
        for address in dict.fromkeys((composed(addresses[0]), *addresses)):
            if requesters.count_of(ask, address, TicketFilter(), at_most=1):
                return address
    return None


def meant_by(query: TicketListQuery) -> Meant:
    """What the query's search means: a ticket, a requester's tickets, or those with these words.

    The page is newest first and narrowed by the query's filters; the ticket is not.
    """
    search = query.search
    requester = requester_meant_by(search)
    ticket = ticket_meant_by(search) if search and query.cursor is None else None
    if search and ticket and not has_trigram(search):
        # One of the first hundred tickets: no index finds so short a text in all the others.
        return Meant(listing.page_of([], query.limit), Matching(0), ticket, None)
    return Meant(_page(query, requester), _count(query, requester), ticket, requester)


def page_meant_by(query: TicketListQuery) -> TicketPage:
    """The page alone: a further one of the same list."""
    return _page(query, requester_meant_by(query.search))


def _page(query: TicketListQuery, requester: str | None) -> TicketPage:
    if requester is None:
        return listing.list_tickets(query)
    after = None if query.cursor is None else Position.decode(query.cursor)
    with asking() as ask:
        found = requesters.tickets_of(ask, requester, query, limit=query.limit + 1, after=after)
    return listing.page_of(found, query.limit)


def _count(query: TicketListQuery, requester: str | None) -> Matching:
    wanted = TicketFilter(**query.model_dump(include=set(TicketFilter.model_fields)))
    if requester is None:
        return listing.count_tickets(wanted)
    with asking() as ask:
        found = requesters.count_of(ask, requester, wanted, at_most=SEARCH_COUNT_MAX + 1)
    return listing.counted(found)
