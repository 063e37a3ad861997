"""Reads a ticket, pages and counts of tickets, and a ticket's history and suggestions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Row
from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.direct import driver_read
from ticket_app.data.engine import read_transaction
from ticket_app.data.figures import queries as figure_queries
from ticket_app.data.people.accounts import find_people
from ticket_app.data.postgresql.timeouts import LONG, QUICK
from ticket_app.data.tickets import list_queries, queries
from ticket_app.data.tickets.changing import current_ticket
from ticket_app.data.tickets.predicates import is_counted
from ticket_app.data.tickets.sorting.pages import sorted_tickets
from ticket_app.data.tickets.sorting.reading import Found, key_of
from ticket_app.data.tickets.tables import Ticket
from ticket_app.errors import TicketNotFoundError
from ticket_app.schemas.assignees import ASSIGNEE, PARTICIPANT
from ticket_app.schemas.paging import Place
from ticket_app.schemas.tickets import (
    HISTORY_MAX,
    PAGE_MAX,
    SHOWN_TO_REQUESTER,
    EventListQuery,
    TicketEventPublic,
    TicketFilter,
    TicketForRequester,
    TicketListQuery,
    TicketPage,
    TicketPublic,
)
from ticket_app.schemas.triage import SuggestionPublic
from ticket_app.services.people.permission import Verb, may, require, scope_of
from ticket_app.services.tickets.requesters import of_known_people
from ticket_app.vocabulary import Sort

Kind = TypeVar("Kind", Ticket, TicketPublic)

SEARCH_COUNT_MAX = 1_000
"""Matches of a search are counted up to this number; a page shows more as "1,000+"."""
NEWEST_EVENTS = EventListQuery(limit=HISTORY_MAX)


def get_ticket(actor: Actor, ticket_id: int) -> TicketPublic:
    """Returns the ticket. Raises TicketNotFoundError if there is none or it was deleted."""
    require(actor, Verb.READ_TICKETS)
    with driver_read() as connection:
        return existing(current_ticket(connection, ticket_id, scope_of(actor)), ticket_id)


def get_tickets(actor: Actor, ticket_ids: Collection[int]) -> dict[int, TicketPublic]:
    """Returns the existing ones of the tickets by id; looks up at most PAGE_MAX."""
    require(actor, Verb.READ_TICKETS)
    if not ticket_ids:
        return {}
    some = list(ticket_ids)[:PAGE_MAX]
    with read_transaction(QUICK) as session:
        found = queries.find_tickets(session, some, scope_of(actor))
        whole = {number: TicketPublic.model_validate(one) for number, one in found.items()}
    return {number: as_seen_by(actor, ticket) for number, ticket in whole.items()}


def list_tickets(actor: Actor, query: TicketListQuery) -> TicketPage:
    """Returns one page in the order of `query.sort`, by keyset pagination.

    In the orders of waiting, urgency and change the page may stop before it has seen every ticket
    that matches: see `TicketPage.stopped_after`.
    """
    require(actor, Verb.READ_TICKETS)
    _require_for_filter(actor, query)
    _require_for_sort(actor, query.sort)
    query = of_known_people(query, actor)
    with driver_read(QUICK if query.search is None else LONG) as connection:
        found = sorted_tickets(
            connection,
            query,
            scope_of(actor),
            sort=query.sort,
            limit=query.limit + 1,
            after=query.place,
        )
    return page_of(found, query)


def as_seen_by(actor: Actor, ticket: TicketPublic) -> TicketPublic:
    """Returns the ticket; to those who do not see every ticket, without what the triage found."""
    if not scope_of(actor).restriction:
        return ticket
    return TicketForRequester.model_validate(ticket.model_dump(include=set(SHOWN_TO_REQUESTER)))


def _require_for_filter(actor: Actor, wanted: TicketFilter) -> None:
    """A filter would tell what the sentiment of a ticket is, and who is assigned, to those who do
    not see it."""
    if wanted.sentiment:
        require(actor, Verb.READ_TRIAGE)
    if wanted.assignee is not None:
        require(actor, Verb.READ_PEOPLE)


def _require_for_sort(actor: Actor, sort: Sort) -> None:
    """The order of urgency would tell the urgency scores to those who do not see them."""
    if sort is Sort.URGENT:
        require(actor, Verb.READ_TRIAGE)


def page_of(found: Found, query: TicketListQuery) -> TicketPage:
    """Returns the first `query.limit` tickets as a page; one more means that a next page exists."""
    shown, place = found.listed[: query.limit], found.stopped_at
    if len(found.listed) > query.limit:
        place = Place(query.sort, key_of(shown[-1].key), shown[-1].id)
    return TicketPage(
        json_array=f"[{','.join(ticket.json for ticket in shown)}]",
        next_cursor=place.encode() if place else None,
        stopped_after=found.stopped_after,
    )


class Matching(NamedTuple):
    """The number of tickets that match; `or_more` if there are more than were counted."""

    tickets: int
    or_more: bool = False


def count_tickets(actor: Actor, wanted: TicketFilter) -> Matching:
    """Returns how many tickets match: exact from counters, or else up to SEARCH_COUNT_MAX.

    The counters are over all tickets. For an actor who may not see all of them, the matches are
    counted one by one.
    """
    require(actor, Verb.READ_TICKETS)
    _require_for_filter(actor, wanted)
    wanted, scope = of_known_people(wanted, actor), scope_of(actor)
    if is_counted(wanted) and not scope.restriction:
        with read_transaction(QUICK) as session:
            return Matching(figure_queries.count_by(session, wanted))
    with driver_read(LONG) as connection:
        found = list_queries.count_found(connection, wanted, scope, at_most=SEARCH_COUNT_MAX + 1)
    return counted(found)


def counted(found: int) -> Matching:
    """Returns the Matching of a count that stopped at SEARCH_COUNT_MAX + 1."""
    return Matching(min(found, SEARCH_COUNT_MAX), or_more=found > SEARCH_COUNT_MAX)


def ticket_history(
    actor: Actor, ticket_id: int, query: EventListQuery = NEWEST_EVENTS
) -> list[TicketEventPublic]:
    """Returns events of a ticket, newest first. Raises TicketNotFoundError.

    Those who see a part of the tickets get its filing, the replies and the changes of its status,
    and of people themselves alone. Others get the names of those who acted and were assigned.
    """
    require(actor, Verb.READ_TICKETS)
    scope = scope_of(actor)
    with read_transaction(QUICK) as session:
        existing(queries.find_ticket(session, ticket_id, scope), ticket_id)
        found = queries.history_of(
            session, ticket_id, scope, before=query.before, limit=query.limit
        )
        return _shown_events(session, actor, found)


def ticket_changes(
    actor: Actor, ticket_id: int, since: datetime | None, until: datetime | None
) -> list[TicketEventPublic]:
    """Returns what was changed of a ticket from `since` and before `until`, oldest first: the last
    HISTORY_MAX events, without its filing and what was said. Raises TicketNotFoundError."""
    require(actor, Verb.CHANGE_TICKETS)
    with read_transaction(QUICK) as session:
        existing(queries.find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        found = queries.changes_between(session, ticket_id, since=since, until=until)
        return _shown_events(session, actor, found)


def _shown_events(
    session: Session, actor: Actor, found: Sequence[Row[Any, str | None]]
) -> list[TicketEventPublic]:
    events = [
        _with_actor(actor, TicketEventPublic.model_validate(event), name) for event, name in found
    ]
    return _with_people(session, events) if may(actor, Verb.READ_PEOPLE) else events


def _with_actor(actor: Actor, event: TicketEventPublic, name: str | None) -> TicketEventPublic:
    is_named = may(actor, Verb.READ_PEOPLE) or event.actor_id == actor.identity.person_id
    named = {"actor_name": name} if is_named else {"actor_id": None}
    return event.model_copy(update=named)


def _with_people(session: Session, events: list[TicketEventPublic]) -> list[TicketEventPublic]:
    """Returns the events with the names of the people who were assigned or copied."""
    naming = [each for each in events if each.field in (ASSIGNEE, PARTICIPANT)]
    values = {value for each in naming for value in (each.old_value, each.new_value) if value}
    people = find_people(session, {int(value) for value in values}) if values else ()
    names: dict[str | None, str] = {str(person.id): person.name for person in people}
    return [
        event.model_copy(
            update={"old_name": names.get(event.old_value), "new_name": names.get(event.new_value)}
        )
        if event.field in (ASSIGNEE, PARTICIPANT)
        else event
        for event in events
    ]


def ticket_suggestions(actor: Actor, ticket_id: int) -> list[SuggestionPublic]:
    """Returns the engines' suggestions for a ticket, newest first. Raises TicketNotFoundError."""
    require(actor, Verb.READ_TRIAGE)
    with read_transaction(QUICK) as session:
        existing(queries.find_ticket(session, ticket_id, scope_of(actor)), ticket_id)
        return [
            SuggestionPublic.model_validate(row)
            for row in queries.suggestions_for(session, ticket_id)
        ]


def existing(ticket: Kind | None, ticket_id: int) -> Kind:
    """Returns the ticket; raises TicketNotFoundError for None."""
    if ticket is None:
        raise TicketNotFoundError(ticket_id)
    return ticket
