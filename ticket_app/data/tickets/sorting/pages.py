"""Pages in the orders of waiting, urgency and change.

The partial indexes of unsettled tickets have these orders. A filter that allows no settled ticket
reads one of them from the cursor on, SCANNED tickets at most. If these do not fill the page, it
ends there, and the next one goes on behind the last ticket that was read: a page may be short, and
nothing is left out. Searches use the index of texts if it is exact.

For any other filter no index has the order. The newest SCANNED tickets are sorted, or the newest of
each facet of the filter. Both say that they stopped, unless there are no more. So are the open
tickets of an assignee, or of nobody; if these are more, the order of all open tickets is tried
first.
"""

from typing import Any, NamedTuple

from ticket_app.data.direct import DriverConnection
from ticket_app.data.people.scope import Scope
from ticket_app.data.tickets.list_queries import (
    SAMPLED,
    SCANNED,
    WAITING,
    Expected,
    are_few,
    expected_matches,
    scan_suffices,
    selective_path,
    shape_of,
    tickets_by_filing,
)
from ticket_app.data.tickets.list_sql import AccessPath, Shape, last_scanned_statement
from ticket_app.data.tickets.predicates import (
    active_fields,
    facets_of,
    is_counted,
    is_of_one,
    is_unsettled,
)
from ticket_app.data.tickets.searching.values import values_of
from ticket_app.data.tickets.sorting.orders import BY_FILING, LEAST_URGENT, Bound, least_urgent
from ticket_app.data.tickets.sorting.reading import (
    Found,
    Listed,
    key_of,
    keyset_values,
    read_page,
)
from ticket_app.schemas.paging import Place
from ticket_app.schemas.tickets import PAGE_MAX, TicketFilter
from ticket_app.vocabulary import UNSETTLED, Priority, Sort


class Asked(NamedTuple):
    """A page that is asked for: its filter, scope, order, length, the place it begins at, and the
    matches that are expected of a search."""

    wanted: TicketFilter
    scope: Scope
    sort: Sort
    limit: int
    after: Place | None
    expected: Expected = Expected()


def sorted_tickets(
    connection: DriverConnection,
    wanted: TicketFilter,
    scope: Scope,
    *,
    sort: Sort,
    limit: int,
    after: Place | None,
) -> Found:
    """Return at most `limit` tickets of the scope in this order, behind the cursor `after`."""
    if sort in BY_FILING:
        return Found(
            tickets_by_filing(connection, wanted, scope, sort=sort, limit=limit, after=after)
        )
    asked = Asked(wanted, scope, sort, limit, after)
    fields, search = active_fields(wanted), wanted.search is not None
    if is_of_one(fields, scope.restriction, search=search):
        found = _in_order(connection, asked) if _has_many_open(connection, asked) else None
        is_exact = found is not None and (len(found.listed) == limit or not found.stopped_at)
        return found if found and is_exact else _among_newest(connection, asked, of_one=True)
    expected = expected_matches(connection, wanted, scope, values_of(connection, wanted, scope))
    asked = asked._replace(expected=expected)
    if expected.are_rare:
        return Found(_page(connection, asked, AccessPath.TEXT_INDEX))
    if is_unsettled(wanted):
        return _in_order(connection, asked)
    return _among_newest(connection, asked, of_one=False)


def _in_order(connection: DriverConnection, asked: Asked) -> Found:
    """Read the partial index of the sort from the cursor on."""
    if _is_exact(asked.wanted, asked.sort):
        return Found(_page(connection, asked, AccessPath.FIRST, PAGE_MAX + 1))
    listed = _page(connection, asked, AccessPath.FIRST, SAMPLED)
    # The tickets of an assignee can be sorted instead: see `sorted_tickets`.
    is_hopeless = asked.wanted.assignee and not scan_suffices(len(listed), asked.limit)
    if len(listed) < asked.limit and not is_hopeless:
        listed = _page(connection, asked, AccessPath.FIRST, SCANNED)
    if len(listed) == asked.limit or (last := _last_scanned(connection, asked)) is None:
        return Found(listed)
    path = selective_path(asked.wanted)
    few_wait = path is AccessPath.WAITING and are_few(connection, WAITING, asked.scope)
    if few_wait or _is_read_by_text(asked, path):
        return Found(_page(connection, asked, path))
    return Found(listed, SCANNED, last)


def _among_newest(connection: DriverConnection, asked: Asked, *, of_one: bool) -> Found:
    """Sort the newest tickets of the scope, of one requester, or of each facet of the filter."""
    wanted, path = asked.wanted, selective_path(asked.wanted)
    of_them = _of_one(wanted) if of_one else TicketFilter()
    if are_few(connection, of_them, asked.scope):
        return Found(_page(connection, asked, AccessPath.NEWEST, SCANNED))
    if path is AccessPath.FACET_INDEX and active_fields(wanted) and not of_one:
        return Found(_page(connection, asked, path), SCANNED)
    listed = _page(connection, asked, AccessPath.NEWEST, SCANNED)
    if _is_read_by_text(asked, path) and len(listed) < asked.limit and not of_one:
        return Found(_page(connection, asked, path))
    return Found(listed, SCANNED)


def _is_read_by_text(asked: Asked, path: AccessPath) -> bool:
    """Return True if the index of texts finds the rest; it would read too many messages of some
    words."""
    return path is AccessPath.TEXT_INDEX and not asked.expected.fill_messages


def _of_one(wanted: TicketFilter) -> TicketFilter:
    """Return the filter by which the tickets are read that NEWEST sorts."""
    status = list(UNSETTLED) if is_unsettled(wanted) and wanted.assignee is not None else []
    return TicketFilter(requester=wanted.requester, assignee=wanted.assignee, status=status)


def _has_many_open(connection: DriverConnection, asked: Asked) -> bool:
    """Return True if an assignee, or nobody, has so many open tickets that the first ones in the
    order of all may fill a page."""
    wanted = asked.wanted
    if wanted.assignee is None or wanted.requester is not None or not is_unsettled(wanted):
        return False
    return not are_few(connection, _of_one(wanted), asked.scope)


def _page(
    connection: DriverConnection, asked: Asked, path: AccessPath, scanned: int = 0
) -> list[Listed]:
    values = _values(connection, asked) | {"scanned": scanned}
    return read_page(connection, _shape(connection, asked, path, scanned), values, asked.after)


def _last_scanned(connection: DriverConnection, asked: Asked) -> Place | None:
    """Return the place of the last ticket that FIRST has read; None if it has read all."""
    statement = last_scanned_statement(_shape(connection, asked, AccessPath.FIRST, SCANNED))
    values = _values(connection, asked) | keyset_values(asked.after)
    last = connection.rows(statement, values)
    return Place(asked.sort, key_of(last[0][1]), last[0][0]) if last else None


def _shape(connection: DriverConnection, asked: Asked, path: AccessPath, scanned: int) -> Shape:
    wanted, sort = asked.wanted, asked.sort
    shape = shape_of(
        connection,
        wanted,
        asked.scope,
        path,
        sort=sort,
        after=asked.after,
        messages=asked.expected.how,
    )
    if path is not AccessPath.FIRST:
        return shape
    bounds = [Bound.UNSETTLED]
    if sort is Sort.WAITING and wanted.unanswered:
        bounds.append(Bound.WAITS)
    if sort is Sort.URGENT and wanted.priority:
        bounds.append(Bound.URGENCY)
    return shape._replace(bounds=tuple(bounds), scanned=scanned)


def _values(connection: DriverConnection, asked: Asked) -> dict[str, Any]:
    wanted = asked.wanted
    values = values_of(connection, wanted, asked.scope) | {"limit": asked.limit}
    if is_counted(wanted):
        values["per_facet"] = max(SCANNED // len(facets_of(wanted)), 1)
    if wanted.priority:
        values[LEAST_URGENT] = least_urgent(wanted.priority)
    return values


def _is_exact(wanted: TicketFilter, sort: Sort) -> bool:
    """Return True if the index of the sort has matching tickets alone, within its bounds."""
    fields = set(active_fields(wanted))
    if wanted.search is not None:
        return False
    if set(wanted.status) == set(UNSETTLED):
        fields -= {"status"}
    if sort is Sort.WAITING and wanted.unanswered:
        fields -= {"unanswered"}
    if sort is Sort.URGENT and set(wanted.priority) == set(list(Priority)[-len(wanted.priority) :]):
        fields -= {"priority"}
    return not fields
