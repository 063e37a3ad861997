"""Times messages, and searches that find them: a small and a large desk take turns in one run."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import md5
from statistics import mean, median
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import text

from bench.growth import GROWTH_TARGET, using
from bench.progress import Steps
from bench.report import table
from harness.filling import autocommitting, fill_messages, fill_postgresql, vacuum
from ticket_app.actor import by_command
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery
from ticket_app.schemas.tickets import TicketListQuery
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.tickets.searching import search

SIZES = (1_000, 1_000_000)
EACH = 5
"""Messages of a ticket when the measurement begins."""
ROUNDS, TIMES, WARM_UP = 7, 60, 5
"""Rounds; calls of each kind in a round, whose time is their mean; calls before them."""
STEP = 7_919
"""The distance of the tickets that follow each other, so that they are from all over the table."""
STEPS = 3
BODY = "We have looked into ticket {number}, and {word} says that it is mended since today."

Call = Callable[[int], Any]


class Ratio(NamedTuple):
    """Mean milliseconds of a call at two desks, and the ratio of the second to the first in each
    round. A target is the most that their median may be."""

    first_ms: float
    second_ms: float
    rounds: list[float]
    target: float | None


def _word(number: int) -> str:
    """Returns a word that the ticket with this number has in its title, and no other ticket."""
    return md5(str(number).encode()).hexdigest()  # noqa: S324  # a word


def _post(number: int) -> None:
    body = BODY.format(number=number, word=_word(number + STEP))
    post_message(by_command(), number, MessageCreate(body=body))


def _search(term: str) -> None:
    search(by_command(), TicketListQuery(search=term))


OF_MESSAGES: Mapping[str, Call] = {
    "a post": _post,
    "a page of a conversation": lambda number: list_messages(
        by_command(), number, MessageListQuery()
    ),
}
SEARCHES: Mapping[str, Call] = {
    "a search for a word of nearly all tickets": lambda _: _search("steady"),
    "a search for a word of one ticket": lambda number: _search(_word(number)),
    "a search for a word of nobody": lambda number: _search(_word(number) + "x"),
}


def measure_messages(server: str, sizes: Iterable[int], steps: Steps) -> dict[str, Ratio]:
    """Returns the ratios of the largest desk to the smallest, both with EACH messages a ticket.

    Those of searches are of the largest desk with messages to the same one without. The services
    run in this process, without HTTP.
    """
    smallest, largest = min(sizes), max(sizes)
    small, large, bare = (f"{server}/messages_{name}" for name in ("small", "large", "bare"))
    steps.begin(f"loading {largest:,} tickets")
    for url, tickets in ((small, smallest), (bare, largest)):
        _create(server, url)
        fill_postgresql(url, tickets)
        vacuum(url)
    steps.done(f"{largest:,} tickets loaded")
    steps.begin(f"loading {largest * EACH:,} messages")
    _create(server, large, template=bare)
    for url, tickets in ((small, smallest), (large, largest)):
        fill_messages(url, tickets, tickets * EACH)
        vacuum(url)
    steps.done(f"{largest * EACH:,} messages loaded")
    steps.begin("messages and searches")
    compared = {name: _ratio(call, {bare: largest, large: largest}, None)
                for name, call in SEARCHES.items()}  # fmt: skip
    compared |= {name: _ratio(call, {small: smallest, large: largest}, GROWTH_TARGET)
                 for name, call in OF_MESSAGES.items()}  # fmt: skip
    steps.done("messages and searches: measured")
    return compared


def messages_table(ratios: Mapping[str, Ratio], sizes: Iterable[int]) -> str:
    """Returns the ratios as a table, with the lowest and the highest of the rounds."""
    smallest, largest = min(sizes), max(sizes)
    rows = []
    for name, each in ratios.items():
        found = median(each.rounds)
        desks = f"{largest:,} tickets, no message"
        target = ""
        if each.target is not None:
            desks = f"{smallest:,} tickets"
            missed = "" if found <= each.target else ": **missed**"
            target = f"≤ {each.target:g}{missed}"
        spread = f"**{found:.2f}** ({min(each.rounds):.2f} to {max(each.rounds):.2f})"
        rows.append([name, desks, f"{each.first_ms:.2f}", f"{each.second_ms:.2f}", spread, target])
    head = ["call", "compared with", "ms there", f"ms at {largest:,}", "ratio", "target"]
    return table(head, rows)


def _ratio(call: Call, desks: Mapping[str, int], target: float | None) -> Ratio:
    """Returns the ratio of the second desk to the first; `desks` are their tickets by URL."""
    taken: dict[str, list[float]] = {url: [] for url in desks}
    for turn in range(ROUNDS):
        for url, tickets in desks.items():
            with using(url):
                taken[url].append(_mean_ms(call, tickets, turn))
    first, second = taken.values()
    rounds = [after / before for before, after in zip(first, second, strict=True)]
    return Ratio(median(first), median(second), rounds, target)


def _mean_ms(call: Call, tickets: int, turn: int) -> float:
    numbers = [1 + (turn * TIMES + each) * STEP % tickets for each in range(-WARM_UP, TIMES)]
    for number in numbers[:WARM_UP]:
        call(number)
    taken = []
    for number in numbers[WARM_UP:]:
        started = perf_counter()
        call(number)
        taken.append((perf_counter() - started) * 1000)
    return mean(taken)


def _create(server: str, url: str, template: str | None = None) -> None:
    copied = "" if template is None else f' TEMPLATE "{_name(template)}"'
    with autocommitting(f"{server}/postgres") as connection:
        connection.execute(text(f'CREATE DATABASE "{_name(url)}"{copied}'))


def _name(url: str) -> str:
    return url.rpartition("/")[2]
