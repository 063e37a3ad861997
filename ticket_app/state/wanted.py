"""Which tickets an address of the desk asks for, and what was found, in words."""

from time import time
from typing import Any
from urllib.parse import parse_qs

from ticket_app.errors import InvalidInputError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.tickets.listing import Matching
from ticket_app.services.tickets.seeking import Meant
from ticket_app.theme import LOOKS
from ticket_app.vocabulary import FACETS as KNOWN

FACETS = tuple(LOOKS)
"""In the order of the pages."""
PARTS_MAX = 200
"""Names and values in an address; one of a page has at most one for each value of a facet."""
PROBLEM_LONGEST = 500
NOWHERE = ("", 0.0)
UNDER_WAY_SECONDS = 30.0
"""A line that died without a word is noticed within it, and what was sent into it comes again."""


def known_values(facet: str, values: list[Any]) -> list[str]:
    """Those of `values` that the facet has, each once: no other is ever kept."""
    known = frozenset(KNOWN[facet])
    return [*dict.fromkeys(one for one in values if isinstance(one, str) and one in known)]


def wanted_by(query: str) -> tuple[dict[str, Any], str]:
    """What an address asks for, and the sentence that says what is wrong with it, or nothing."""
    try:
        named = parse_qs(query, max_num_fields=PARTS_MAX)
    except ValueError:
        return {}, "This address names too many filters. Remove some of them."
    wanted: dict[str, Any] = {facet: named.get(facet, []) for facet in FACETS}
    wanted["search"] = named.get("search", [""])[0]
    wanted["cursor"] = named.get("before", [None])[0]
    try:
        parse(TicketListQuery, wanted)
    except InvalidInputError as error:
        return wanted, error.detail[:PROBLEM_LONGEST]
    return wanted, ""


def is_under_way(headed: tuple[str, float], query: str, query_read: str) -> bool:
    """Whether a page is still at the address that it is to leave for what was just chosen.

    `headed` is the query that it was sent to, and when. A page that reconnects loads its address
    between two choices that it sends again: the first of them would be lost to the second.
    """
    where, since = headed
    return query == query_read != where and time() - since < UNDER_WAY_SECONDS


def found_in_words(meant: Meant) -> str:
    found = _counted_in_words(meant.matching)
    if meant.requester is not None:
        return f"{found} of {meant.requester}"
    if meant.ticket is None:
        return found
    named = f"Ticket {meant.ticket.id}"
    return f"{named}; in texts {found}" if meant.matching.tickets else named


def _counted_in_words(found: Matching) -> str:
    if found.or_more:
        return f"{found.tickets:,}+ tickets"
    return "1 ticket" if found.tickets == 1 else f"{found.tickets:,} tickets"
