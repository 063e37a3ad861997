"""Parses the filter in an address of the desk, and words the number of tickets found."""

from time import time
from typing import Any
from urllib.parse import parse_qs

from ticket_app.errors import InvalidInputError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketListQuery, TicketPage
from ticket_app.services.tickets.listing import Matching
from ticket_app.services.tickets.searching import SearchResult
from ticket_app.theme import LOOKS
from ticket_app.vocabulary import FACETS as KNOWN
from ticket_app.vocabulary import Sort

FACETS = tuple(LOOKS)
"""The fields to filter by, in the order of the pages."""
PARTS_MAX = 200
"""Names and values in an address. A page's own address has at most one for each value."""
PROBLEM_LONGEST = 500
NOWHERE = ("", 0.0)
REDIRECT_SECONDS = 30.0
"""Seconds for which a redirect counts as pending: a dead connection is noticed within them."""


def known_values(facet: str, values: list[Any]) -> list[str]:
    """Returns the values that the facet has, each once. No other value is kept."""
    known = frozenset(KNOWN[facet])
    return [*dict.fromkeys(one for one in values if isinstance(one, str) and one in known)]


def known_sort(value: Any) -> Sort:
    """Returns the sort of that name; the newest first for any other value."""
    return Sort(value) if isinstance(value, str) and value in frozenset(Sort) else Sort.NEWEST


def known_truth(value: Any) -> str:
    """Returns true or false as the address spells it; an empty text for any other value."""
    return value if isinstance(value, str) and value in ("true", "false") else ""


def filter_from_address(query: str) -> tuple[dict[str, Any], str]:
    """Returns the filter in an address, and the sentence on its error, or an empty one."""
    try:
        named = parse_qs(query, max_num_fields=PARTS_MAX)
    except ValueError:
        return {}, "This address names too many filters. Remove some of them."
    wanted: dict[str, Any] = {facet: named.get(facet, []) for facet in FACETS}
    wanted["requester"] = named.get("requester", [None])[0]
    wanted["assignee"] = named.get("assignee", [None])[0]
    wanted["search"] = named.get("search", [""])[0]
    wanted["unanswered"] = named.get("unanswered", [None])[0]
    wanted["sort"] = named.get("sort", [Sort.NEWEST])[0]
    wanted["cursor"] = named.get("before", [None])[0]
    try:
        parse(TicketListQuery, wanted)
    except InvalidInputError as error:
        return wanted, error.detail[:PROBLEM_LONGEST]
    return wanted, ""


def is_redirect_pending(redirected_to: tuple[str, float], query: str, query_read: str) -> bool:
    """Returns True if a page is still at the address that it is to leave after a choice.

    `redirected_to` is the query that the page was sent to, and the time. A reconnecting page loads
    its address between two choices that it sends again. Without this check the first choice would
    be lost.
    """
    where, since = redirected_to
    return query == query_read != where and time() - since < REDIRECT_SECONDS


def found_sentence(result: SearchResult) -> str:
    found = _counted_in_words(result.matching)
    if result.person is not None:
        return f"{found} of {result.person.name}"
    if result.requester is not None:
        return f"{found} of {result.requester}"
    if result.ticket is None:
        return found
    named = f"Ticket {result.ticket.id}"
    return f"{named}; in texts {found}" if result.matching.tickets else named


def stopped_sentence(page: TicketPage) -> str:
    """Returns what to know of a page that stopped early; an empty text for an exact one."""
    if page.stopped_after is None:
        return ""
    return f"Sorted among {page.stopped_after:,} tickets. Others may match; narrow the list."


def _counted_in_words(found: Matching) -> str:
    if found.or_more:
        return f"{found.tickets:,}+ tickets"
    return "1 ticket" if found.tickets == 1 else f"{found.tickets:,} tickets"
