"""Reading tickets: one, a page, how many match, a ticket's history and suggestions."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeVar

from ticket_app.data.direct import asking
from ticket_app.data.engine import reading
from ticket_app.data.figures import queries as figure_queries
from ticket_app.data.patience import LONG, QUICK
from ticket_app.data.tickets import list_queries, queries
from ticket_app.data.tickets.changing import current_ticket
from ticket_app.data.tickets.list_queries import Listed
from ticket_app.data.tickets.predicates import is_counted
from ticket_app.data.tickets.tables import Ticket
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.tickets import (
    PAGE_MAX,
    Position,
    TicketEventPublic,
    TicketFilter,
    TicketListQuery,
    TicketPage,
    TicketPublic,
)
from ticket_app.schemas.triage import SuggestionPublic

Kind = TypeVar("Kind", Ticket, TicketPublic)

SEARCH_COUNT_MAX = 1_000
"""Tickets that a search finds are counted up to here; a page shows more as "1,000+"."""


def get_ticket(ticket_id: int) -> TicketPublic:
    """The ticket; TicketNotFoundError when there is none."""
    with asking() as ask:
        return existing(current_ticket(ask, ticket_id), ticket_id)


def get_tickets(ticket_ids: Collection[int]) -> dict[int, TicketPublic]:
    """Those of the tickets (PAGE_MAX at most) that are there, by id."""
    if not ticket_ids:
        return {}
    some = list(ticket_ids)[:PAGE_MAX]
    with reading(QUICK) as session:
        found = queries.find_tickets(session, some)
        return {number: TicketPublic.model_validate(one) for number, one in found.items()}


def list_tickets(query: TicketListQuery) -> TicketPage:
    """One page, newest first (created_at, then id)."""
    after = None if query.cursor is None else Position.decode(query.cursor)
    with asking(QUICK if query.search is None else LONG) as ask:
        found = list_queries.newest_tickets(ask, query, limit=query.limit + 1, after=after)
    return page_of(found, query.limit)


def page_of(found: Sequence[Listed], limit: int) -> TicketPage:
    """The first `limit` tickets as a page; one more says that there is a next page."""
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return TicketPage(
        json_array=f"[{','.join(ticket.json for ticket in shown)}]",
        next_cursor=Position(last.created_at, last.id).encode() if last else None,
    )


class Matching(NamedTuple):
    """How many tickets match: so many, `or_more`."""

    tickets: int
    or_more: bool = False


def count_tickets(wanted: TicketFilter) -> Matching:
    """How many tickets match: exactly by a counter, else no further than SEARCH_COUNT_MAX."""
    if is_counted(wanted):
        with reading(QUICK) as session:
            return Matching(figure_queries.count_by(session, wanted))
    with asking(LONG) as ask:
        found = list_queries.count_found(ask, wanted, at_most=SEARCH_COUNT_MAX + 1)
    return counted(found)


def counted(found: int) -> Matching:
    """So many tickets, counted no further than SEARCH_COUNT_MAX + 1."""
    return Matching(min(found, SEARCH_COUNT_MAX), or_more=found > SEARCH_COUNT_MAX)


def ticket_history(ticket_id: int) -> list[TicketEventPublic]:
    """What happened to a ticket, newest first."""
    with reading(QUICK) as session:
        return [
            TicketEventPublic.model_validate(row) for row in queries.history_of(session, ticket_id)
        ]


def ticket_suggestions(ticket_id: int) -> list[SuggestionPublic]:
    """What the engines proposed for a ticket, newest first. Raises TicketNotFoundError."""
    with reading(QUICK) as session:
        existing(queries.find_ticket(session, ticket_id), ticket_id)
        return [
            SuggestionPublic.model_validate(row)
            for row in queries.suggestions_for(session, ticket_id)
        ]


def existing(ticket: Kind | None, ticket_id: int) -> Kind:
    """The ticket; TicketNotFoundError for None."""
    if ticket is None:
        raise TicketNotFoundError(ticket_id)
    return ticket
