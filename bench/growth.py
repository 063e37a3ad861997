"""What figures and counts cost by themselves, so that their growth with the tickets shows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from statistics import median
from time import perf_counter
from typing import Any

from bench.rows import with_driver
from ticket_app.data.engine import use_database
from ticket_app.schemas.tickets import TicketFilter, TicketUpdate
from ticket_app.services.figures import status_counts, ticket_insights, ticket_stats
from ticket_app.services.tickets.changing import update_ticket
from ticket_app.services.tickets.listing import count_tickets
from ticket_app.vocabulary import Category, Edge, Status

TIMES = 30
GROWTH_ASKED = 1.5
"""How many times as long a figure may take where there are many more tickets."""
TICKET = 1
"""The one whose status changes, so that no statistics are remembered."""


def figures_ms(database_url: str) -> dict[str, float]:
    """Milliseconds, medians of TIMES: the desk's services in this process, without HTTP."""
    wanted = TicketFilter(category=[Category.BILLING], status=[Status.OPEN])
    calls: dict[str, Callable[[], Any]] = {
        "statistics, unchanged": ticket_stats,
        "counts by status": status_counts,
        "count of a filter": lambda: count_tickets(wanted),
        "insights of 90 days": lambda: ticket_insights(90),
    }
    with _using(database_url):
        taken = {name: _median_ms(call) for name, call in calls.items()}
        return taken | {"statistics, after a change": _median_ms(ticket_stats, _changes())}


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
        update_ticket(TICKET, TicketUpdate(status=status), Edge.CLI)
        yield


@contextmanager
def _using(database_url: str) -> Iterator[None]:
    use_database(with_driver(database_url))
    try:
        yield
    finally:
        use_database(None)
