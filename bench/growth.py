"""Times figures and counts alone, so that their growth with the number of tickets shows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from statistics import median
from time import perf_counter
from typing import Any

from harness.filling import with_driver
from ticket_app.actor import by_command
from ticket_app.data.engine import use_database
from ticket_app.schemas.tickets import TicketFilter, TicketUpdate
from ticket_app.services.figures import status_counts, ticket_insights, ticket_stats
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.listing import count_tickets
from ticket_app.vocabulary import Category, Status

TIMES = 30
GROWTH_TARGET = 1.5
"""The most that a figure may take at the largest size, as a multiple of its time at the
smallest."""
TICKET = 1
"""The id of the ticket whose status changes, so that the statistics are not cached."""


def figures_ms(database_url: str) -> dict[str, float]:
    """Returns the median milliseconds of TIMES calls for each figure.

    The desk's services run in this process, without HTTP.
    """
    wanted = TicketFilter(category=[Category.BILLING], status=[Status.OPEN])
    actor = by_command()
    stats = partial(ticket_stats, actor)
    calls: dict[str, Callable[[], Any]] = {
        "statistics, unchanged": stats,
        "counts by status": partial(status_counts, actor),
        "count of a filter": partial(count_tickets, actor, wanted),
        "insights of 90 days": partial(ticket_insights, actor, 90),
    }
    with using(database_url):
        taken = {name: _median_ms(call) for name, call in calls.items()}
        return taken | {"statistics, after a change": _median_ms(stats, _changes())}


def _median_ms(call: Callable[[], Any], before: Iterator[None] | None = None) -> float:
    call()
    taken = []
    for _ in range(TIMES):
        if before is not None:
            next(before)
        started = perf_counter()
        call()
        taken.append((perf_counter() - started) * 1000)
    return median(taken)


def _changes() -> Iterator[None]:
    for status in cycle((Status.IN_PROGRESS, Status.RESOLVED)):
        update_ticket(by_command(), TICKET, TicketUpdate(status=status))
        yield


@contextmanager
def using(database_url: str) -> Iterator[None]:
    """Lets the services of this process use that database during the block."""
    use_database(with_driver(database_url))
    try:
        yield
    finally:
        use_database(None)
