"""Times searches one after the other, for each kind of term.

Every term comes from a known ticket, so that the right result is known as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any, NamedTuple

import httpx2

from bench.requests import LIST_PATH, SECONDS_TO_ANSWER, require
from ticket_app.vocabulary import FACETS

SEED = 4711
TIMES = 100
"""Searches of each kind: just enough for a 99th percentile."""
LONG_MS, SHORT_MS = 100.0, 1000.0
"""Targets for the 99th percentile, for terms of at least three letters, and for shorter ones."""
SIMILAR = "similar tickets"
SIMILAR_PATH = "/api/tickets/{ticket_id}/similar/"

Json = dict[str, Any]


class Latency(NamedTuple):
    """Measured latencies, and the target for the 99th percentile, all in milliseconds."""

    p50_ms: float
    p99_ms: float
    target_ms: float


class Kind(NamedTuple):
    """A kind of term:

    its range of letters, and where its word comes from. `source` is "shared" (a word of most
    tickets), "own" (a word of one ticket alone) or "absent" (a word of no ticket).
    """

    name: str
    letters: tuple[int, int]
    source: str
    target_ms: float


RARE = Kind("rare", (12, 32), "own", LONG_MS)
KINDS = (
    Kind("frequent", (3, 6), "shared", LONG_MS),
    Kind("three letters of one in a hundred", (3, 3), "own", LONG_MS),
    RARE,
    Kind("absent", (12, 32), "absent", LONG_MS),
    Kind("two letters, frequent", (2, 2), "shared", SHORT_MS),
    Kind("one or two letters, less so", (1, 2), "own", SHORT_MS),
)


class Search(NamedTuple):
    """One search, and the ticket that it was made from."""

    kind: Kind
    term: str
    filters: Mapping[str, str]
    ticket: Json


def search_latencies(url: str, tickets: int) -> dict[str, Latency]:
    """Returns the latency for each kind of term, with and without filters.

    Half of the filtered searches use the four values of the ticket that the term comes from. The
    other half use another ticket's values, with which the term rarely occurs. Raises BenchError for
    a wrong answer.
    """
    chance = Random(SEED)  # noqa: S311  # the same searches every time
    found = {}
    with httpx2.Client(base_url=url, timeout=SECONDS_TO_ANSWER) as client:
        known = [_ticket(client, chance.randint(1, tickets)) for _ in range(TIMES)]
        for kind in KINDS:
            for filtered in (False, True):
                searches = _searches(kind, known, chance, filtered=filtered)
                taken = [_timed_search(client, search) for search in searches]
                name = f"{kind.name}, {'four filters' if filtered else 'no filter'}"
                found[name] = _latency(taken, kind.target_ms)
        found[SIMILAR] = _latency([_similar(client, ticket["id"]) for ticket in known], LONG_MS)
    return found


def _searches(
    kind: Kind, known: Sequence[Json], chance: Random, *, filtered: bool
) -> Iterator[Search]:
    """Yields one search for each of these tickets."""
    for number, ticket in enumerate(known):
        whose = ticket if number % 2 else known[number - 1]
        filters = {field: str(whose[field]) for field in FACETS} if filtered else {}
        yield Search(kind, _term(kind, ticket, chance), filters, ticket)


def _term(kind: Kind, ticket: Json, chance: Random) -> str:
    word = {
        "shared": chance.choice(["ticket", ticket["description"].split()[-1]]),
        "own": ticket["title"].split()[-1],
        "absent": md5(f"nobody {ticket['id']}".encode()).hexdigest(),  # noqa: S324  # a word
    }[kind.source]
    shortest, longest = kind.letters
    letters = chance.randint(shortest, min(longest, len(word)))
    start = chance.randint(0, len(word) - letters)
    return str(word[start : start + letters])


def _timed_search(client: httpx2.Client, search: Search) -> float:
    """Returns the milliseconds of this search. Raises BenchError for a wrong answer."""
    started = perf_counter()
    answer = client.get(LIST_PATH, params={**search.filters, "search": search.term})
    taken = (perf_counter() - started) * 1000
    require(answer.is_success, f"the search for {search.term} answers {answer.status_code}")
    check(search, answer.json())
    return taken


def check(search: Search, rows: Sequence[Json]) -> None:
    """Raise BenchError for a row that does not match, or for a match that is missing."""
    for row in rows:
        inside = search.term in f"{row['title']}\n{row['description']}".lower()
        fits = all(row[field] == value for field, value in search.filters.items())
        require(inside and fits, f"{search.term}: ticket {row['id']} does not fit")
    here = all(search.ticket[field] == value for field, value in search.filters.items())
    if search.kind.source == "absent":
        require(not rows, f"{search.term}: something is found")
    elif here:
        require(bool(rows), f"{search.term}: nothing is found")
    if search.kind == RARE:
        found = search.ticket["id"] in [row["id"] for row in rows]
        require(
            found == here, f"{search.term}: ticket {search.ticket['id']} is wrongly (not) found"
        )


def _similar(client: httpx2.Client, ticket_id: int) -> float:
    started = perf_counter()
    answer = client.get(SIMILAR_PATH.format(ticket_id=ticket_id))
    taken = (perf_counter() - started) * 1000
    require(answer.is_success, f"{SIMILAR} answer {answer.status_code}")
    return taken


def _ticket(client: httpx2.Client, ticket_id: int) -> Json:
    ticket: Json = client.get(f"{LIST_PATH}{ticket_id}/").raise_for_status().json()
    return ticket


def _latency(taken: Sequence[float], target_ms: float) -> Latency:
    return Latency(median(taken), quantiles(taken, n=100)[98], target_ms)
