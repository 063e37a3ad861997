"""Named queries for pages of tickets. Their cost does not grow with the number of tickets.

They choose an access path by the expected number of matches. If PostgreSQL's estimate is RARE or
less, the trigram index is used at once. A page of frequent matches is full after a scan of the
newest tickets from the cursor on: SAMPLED of them, or SCANNED if the sample suggests that this
suffices. For rarer matches an index is used: of trigrams for a search, of facets for filters alone.
A search without a trigram has no index. It scans tickets until the statement timeout.

A search finds messages, too. If FEW or fewer messages match, their index adds the tickets to any of
these. If more match, a scan reads the messages of each ticket that it looks at, until the page is
full; and where FREQUENT match, so does the index of the filter.

The tickets of a restricted scope, and of a filter by requester, are always scanned, in the order of
the index of their requester: the cost of their pages and counts depends on their own number, and
not on that of all tickets. So are those of an assignee and of nobody, unless there is a search
text; of unsettled tickets alone there is an index of their own.
"""

from typing import Any, NamedTuple

from ticket_app.data.direct import DriverConnection
from ticket_app.data.people.scope import Scope
from ticket_app.data.tickets.list_sql import (
    AccessPath,
    Shape,
    count_statement,
    is_planned_once,
    wanted_statement,
)
from ticket_app.data.tickets.predicates import (
    ASSIGNEE,
    UNASSIGNED,
    active_fields,
    facets_of,
    is_counted,
    is_of_one,
    is_unsettled,
)
from ticket_app.data.tickets.searching.messages import (
    FEW,
    FREQUENT,
    Messages,
    expected_messages,
)
from ticket_app.data.tickets.searching.values import has_trigram, values_of
from ticket_app.data.tickets.sorting.orders import Bound
from ticket_app.data.tickets.sorting.reading import Listed, read_page
from ticket_app.schemas.paging import Place
from ticket_app.schemas.tickets import TicketFilter
from ticket_app.vocabulary import Sort

SAMPLED = 400
SCANNED = 4_000
"""Tickets of a longer scan, some 2 ms. It fills a page of 50 if one ticket in 80 matches."""
RARE = 1_000
"""Expected matches up to which the trigram index is used at once, which takes some 5 ms."""
SAMPLE_HITS = 2
"""Matches among SAMPLED tickets that make a search frequent; a single one may be chance."""
SCANNED_FREQUENT = 40_000
"""Tickets scanned, some 20 ms, if FREQUENT matches are expected. The index takes longer for so
many. The scan fills a page unless no newer ticket matches."""
NARROW = 16
"""Facets of 256 in which a word of very many messages is looked for, without a long scan."""
WAITING = TicketFilter(unanswered=True)
CACHE_KEY_FIELDS = set(TicketFilter.model_fields)
"""Fields that identify a cached estimate: the filter without the cursor."""


class Expected(NamedTuple):
    """The number of matches that is expected: of tickets by their own text, and of messages.

    None where nothing is estimated: for tickets on SQLite, and for a search without a trigram.
    """

    tickets: int | None = None
    messages: int | None = None

    @property
    def are_rare(self) -> bool:
        """True if the trigram indexes find all matches at once."""
        return self.tickets is not None and self.tickets <= RARE and self.how is Messages.BY_INDEX

    @property
    def are_frequent(self) -> bool:
        """True if a long scan of tickets probably fills a page."""
        return self.tickets is not None and max(self.tickets, self.messages or 0) >= FREQUENT

    @property
    def fill_messages(self) -> bool:
        """True if so many messages match that nothing reads all of them."""
        return (self.messages or 0) >= FREQUENT

    @property
    def how(self) -> Messages:
        """How to search messages beside a scan of tickets."""
        are_few = self.messages is not None and self.messages <= FEW
        return Messages.BY_INDEX if are_few else Messages.OF_EACH


def tickets_by_filing(
    connection: DriverConnection,
    wanted: TicketFilter,
    scope: Scope,
    *,
    sort: Sort,
    limit: int,
    after: Place | None,
) -> list[Listed]:
    """Return at most `limit` tickets of the scope behind the cursor `after`.

    `sort` is newest or oldest. The other sorts are those of sorting/pages.py.
    """
    values = values_of(connection, wanted, scope) | {"limit": limit, "per_facet": limit}
    how = Messages.OF_EACH

    def page(path: AccessPath, scanned: int = 0) -> list[Listed]:
        shape = shape_of(connection, wanted, scope, path, sort=sort, after=after, messages=how)
        return read_page(connection, shape, values | {"scanned": scanned}, after)

    fields = active_fields(wanted)
    of_one = is_of_one(fields, scope.restriction, search=wanted.search is not None)
    if of_one or (wanted.search is None and not fields):
        by_facet = of_one and _is_found_by_facet(connection, wanted, scope)
        return page(AccessPath.FACET_INDEX if by_facet else AccessPath.SCAN)
    expected = expected_matches(connection, wanted, scope, values)
    how = expected.how
    if expected.are_rare:
        return page(AccessPath.TEXT_INDEX)
    listed = page(AccessPath.FIRST, SAMPLED)
    if scan_suffices(len(listed), limit):
        listed = page(AccessPath.FIRST, SCANNED)
    if len(listed) < limit and _is_scanned_on(wanted, expected):
        listed = page(AccessPath.FIRST, SCANNED_FREQUENT)
    if len(listed) == limit:
        return listed
    path = _path_of_rest(wanted, expected)
    if path is AccessPath.WAITING and not are_few(connection, WAITING, scope):
        path = AccessPath.SCAN
    how = _how_of_rest(path, expected)
    return page(path)


def count_found(
    connection: DriverConnection, wanted: TicketFilter, scope: Scope, *, at_most: int
) -> int:
    """Return the number of tickets of the scope that match; counting stops at `at_most`."""
    values = values_of(connection, wanted, scope) | {"limit": at_most, "per_facet": at_most}
    how = Messages.OF_EACH

    def count(path: AccessPath, scanned: int = 0) -> int:
        shape = shape_of(connection, wanted, scope, path, messages=how)
        ((found,),) = connection.rows(
            count_statement(shape),
            values | {"scanned": scanned},
            planned_once=is_planned_once(shape),
        )
        return int(found)

    path, fields = selective_path(wanted), active_fields(wanted)
    of_one = is_of_one(fields, scope.restriction, search=wanted.search is not None)
    if of_one or (wanted.search is None and not fields):
        by_facet = of_one and _is_found_by_facet(connection, wanted, scope)
        return count(AccessPath.FACET_INDEX if by_facet else AccessPath.SCAN)
    if path is AccessPath.WAITING:
        return count(path)
    expected = expected_matches(connection, wanted, scope, values)
    how = expected.how
    if expected.are_rare:
        return count(AccessPath.TEXT_INDEX)
    found = count(AccessPath.FIRST, SCANNED)
    if found < at_most and _is_scanned_on(wanted, expected):
        found = count(AccessPath.FIRST, SCANNED_FREQUENT)
    if found == at_most:
        return found
    path = _path_of_rest(wanted, expected)
    how = _how_of_rest(path, expected)
    return count(path)


def are_few(connection: DriverConnection, wanted: TicketFilter, scope: Scope) -> bool:
    """Return True if SCANNED tickets of the scope match at most."""
    return count_found(connection, wanted, scope, at_most=SCANNED + 1) <= SCANNED


def scan_suffices(found: int, limit: int) -> bool:
    """Return True if SCANNED tickets probably fill a page, as SAMPLED of them had `found`."""
    return found < limit <= found * SCANNED / SAMPLED


def expected_matches(
    connection: DriverConnection, wanted: TicketFilter, scope: Scope, values: dict[str, Any]
) -> Expected:
    """Return the expected matches of a search that an index finds, or else nothing.

    PostgreSQL has no statistics of texts longer than a kilobyte and takes every word for rare. The
    estimates are therefore corrected by a sample of the newest tickets or messages.
    """
    if wanted.search is None or not has_trigram(wanted.search):
        return Expected()

    def tickets() -> int:
        shape = shape_of(connection, wanted, scope, AccessPath.FIRST, messages=Messages.NOT)
        expected = connection.estimate(wanted_statement(shape), values)
        if expected > RARE:
            return expected
        sampling = values | {"scanned": SAMPLED, "limit": SAMPLE_HITS}
        ((found,),) = connection.rows(count_statement(shape), sampling)
        return RARE + 1 if found == SAMPLE_HITS else expected

    messages = connection.cached_number(
        ("messages", wanted.search), lambda: expected_messages(connection, values)
    )
    if connection.dialect == "sqlite":
        return Expected(None, messages)
    known = ("expected", wanted.model_dump_json(include=CACHE_KEY_FIELDS))
    return Expected(connection.cached_number(known, tickets), messages)


def _is_found_by_facet(connection: DriverConnection, wanted: TicketFilter, scope: Scope) -> bool:
    """Return True for few facets of an assignee, or of nobody, with many tickets: a scan of these
    for a rare combination has no bound."""
    if wanted.assignee is None or wanted.requester is not None or scope.restriction:
        return False
    is_narrow = len(facets_of(wanted)) <= NARROW
    return is_narrow and not are_few(connection, TicketFilter(assignee=wanted.assignee), scope)


def _is_scanned_on(wanted: TicketFilter, expected: Expected) -> bool:
    """Return True if a long scan of tickets fills a page sooner than an index does."""
    by_facet = _path_of_rest(wanted, expected) is AccessPath.FACET_INDEX
    return expected.are_frequent and not (by_facet and len(facets_of(wanted)) <= NARROW)


def _path_of_rest(wanted: TicketFilter, expected: Expected) -> AccessPath:
    """Return the path that finds what a scan has not: `selective_path`, or that of the filter alone
    for a word of so many messages that few tickets of the filter have to be read."""
    path = selective_path(wanted)
    if path is AccessPath.TEXT_INDEX and expected.fill_messages and active_fields(wanted):
        return selective_path(wanted.model_copy(update={"search": None}))
    return path


def _how_of_rest(path: AccessPath, expected: Expected) -> Messages:
    """Return how to search messages on the path of the rest. A scan for a text without a trigram
    ends at the last ticket if few have it, so that all messages are read once and not by ticket."""
    is_unknown = path is AccessPath.SCAN and expected == Expected()
    return Messages.BY_SCAN if is_unknown else expected.how


def selective_path(wanted: TicketFilter) -> AccessPath:
    """Return the path that finds rare matches."""
    if is_counted(wanted):
        return AccessPath.FACET_INDEX
    if wanted.search is None:
        return AccessPath.WAITING if wanted.unanswered else AccessPath.SCAN
    return AccessPath.TEXT_INDEX if has_trigram(wanted.search) else AccessPath.SCAN


def shape_of(
    connection: DriverConnection,
    wanted: TicketFilter,
    scope: Scope,
    path: AccessPath,
    *,
    sort: Sort = Sort.NEWEST,
    after: Place | None = None,
    messages: Messages = Messages.OF_EACH,
) -> Shape:
    """Return the shape of a page, or of a count."""
    fields = active_fields(wanted)
    bounds: tuple[Bound, ...] = ()
    if path is AccessPath.WAITING:
        bounds = Bound.UNSETTLED, Bound.WAITS
    elif is_unsettled(wanted) and {ASSIGNEE, UNASSIGNED} & set(fields):
        bounds = (Bound.UNSETTLED,)  # there is an index of these for one assignee, and for nobody
    return Shape(
        connection.dialect,
        path,
        fields,
        wanted.search is not None,
        after is not None,
        scope.restriction,
        sort,
        bounds,
        messages=messages,
    )
