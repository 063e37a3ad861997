"""The requests sent to both sides, and the check that both give the same answers."""

import json
from collections.abc import Mapping, Sequence
from hashlib import md5
from itertools import groupby
from time import perf_counter
from typing import Any, NamedTuple

import httpx2

from bench.load import BenchError
from ticket_app.schemas.tickets import PAGE_DEFAULT
from ticket_app.vocabulary import FACETS

SECONDS_TO_ANSWER = 120
LIST_PATH = "/api/tickets/"


class Request(NamedTuple):
    """A request, and its target: how many times the peer's answers a second the desk gives."""

    name: str
    path: str
    target: float


NEW_TICKET = {
    "title": "Card reader keeps disconnecting",
    "description": "Since the update the card reader loses its connection every few minutes, "
    "and customers have to put in their card again. Please help.",
    "category": "technical",
    "priority": "high",
}
LIST = Request("list, a page of 50", LIST_PATH, 25)
FILTER = Request("filter + search", f"{LIST_PATH}?category=technical&search=timeout", 20)
FREQUENT = Request("search, frequent term", f"{LIST_PATH}?search=steady", 30)
ABSENT_WORD = md5(b"nobody").hexdigest()  # noqa: S324  # a word of the rows' kind
NO_HIT = Request("search, no hit", f"{LIST_PATH}?search={ABSENT_WORD}", 50)
STATS = Request("statistics", f"{LIST_PATH}stats/", 100)
CREATE = Request("create", LIST_PATH, 1.5)
STATUS = Request("change of status", LIST_PATH, 1.5)
WRITING = (CREATE, STATUS)

OTHER_STATUS = {"open": "in_progress", "in_progress": "open"}

BREAKDOWNS = tuple(f"{field}_breakdown" for field in FACETS if field != "status")
"""The peer has no breakdown by status."""


def rare(tickets: int) -> Request:
    """Returns the search for a term of exactly one of the tickets, half way through the table."""
    term = md5(str(tickets // 2).encode()).hexdigest()  # noqa: S324  # the rows' own words
    return Request("search, rare term", f"{LIST_PATH}?search={term}", 50)


def reading(tickets: int) -> tuple[Request, ...]:
    """Returns the requests that change nothing, for a desk with this many tickets."""
    return (LIST, FILTER, rare(tickets), FREQUENT, NO_HIT, STATS)


def requests(tickets: int) -> tuple[Request, ...]:
    """Returns all requests, reads first."""
    return (*reading(tickets), *WRITING)


def creating_script() -> str:
    """Returns wrk's script that creates tickets."""
    # In Lua's long strings only the end mark would need escaping.
    return (
        'wrk.method = "POST"\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
        f"wrk.body = [==[{json.dumps(NEW_TICKET)}]==]\n"
    )


def status_script(statuses: Mapping[int, str]) -> str:
    """Returns wrk's script that changes these tickets' status and then changes it back, in turns.

    So every request changes something.
    """
    others = ",".join(f"'{OTHER_STATUS[status]}'" for status in statuses.values())
    before = ",".join(f"'{status}'" for status in statuses.values())
    return (
        f"local ids = {{{','.join(map(str, statuses))}}}\n"
        f"local passes = {{[0] = {{{others}}}, [1] = {{{before}}}}}\n"
        "local sent = -1\n"  # wrk calls this function once without sending the request
        # wrk has put the headers of its command line there.
        'wrk.headers["Content-Type"] = "application/json"\n'
        "function request()\n"
        "  local place = sent % #ids + 1\n"
        "  local status = passes[math.floor(sent / #ids) % 2][place]\n"
        "  sent = sent + 1\n"
        f"  return wrk.format('PATCH', '{LIST_PATH}' .. ids[place] .. '/', wrk.headers,"
        " '{\"status\": \"' .. status .. '\"}')\n"
        "end\n"
    )


def changed_after(answers: int, tickets: int) -> int:
    """Returns how many of the tickets differ from their first status after this many answers."""
    passes, rest = divmod(answers, tickets)
    return tickets - rest if passes % 2 else rest


def check_desk(url: str, tickets: int) -> str:
    """Check that each answer is complete. Returns a summary. Raises BenchError."""
    found = {}
    for request in reading(tickets)[:-1]:
        found[request] = len(_rows(_json(url, request)))
    require(found[LIST] == min(tickets, PAGE_DEFAULT), f"a page holds {found[LIST]} tickets")
    require(found[FREQUENT] == found[LIST], f"{FREQUENT.name}: {found[FREQUENT]} tickets")
    require(found[FILTER] > 0, f"{FILTER.name}: nothing is found")
    require(found[rare(tickets)] == 1, f"{rare(tickets).name}: not one ticket")
    require(found[NO_HIT] == 0, f"{NO_HIT.name}: {found[NO_HIT]} tickets")
    total = count_tickets(url)
    require(total == tickets, f"the statistics count {total} tickets, {tickets} were loaded")
    return ", ".join(f"{request.name}: {count}" for request, count in found.items())


def check_same(ours: str, theirs: str, tickets: int) -> dict[str, float]:
    """Check that both sides answer with the same tickets and figures. Raises BenchError.

    Returns the seconds that the peer took for each request, without other load.
    """
    seconds = {}
    for request in reading(tickets):
        answer = _json(ours, request)
        started = perf_counter()
        other = _json(theirs, request)
        seconds[request.name] = perf_counter() - started
        if request == STATS:
            _check_figures(answer, other)
        else:
            same = whole_moments(_rows(answer)) == whole_moments(_rows(other))
            require(same, f"{request.name}: the two sides answer with different tickets")
    return seconds


def whole_moments(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Returns the titles of a page, grouped by their time of creation.

    Several tickets may have the same minute, and the peer does not define their order. So the last
    group of a full page may be cut differently, and is left out.
    """
    moments = [
        sorted(row["title"] for row in group)
        for _, group in groupby(rows, key=lambda row: row["created_at"])
    ]
    return moments[:-1] if len(rows) >= PAGE_DEFAULT else moments


def check_creating(url: str, headers: Mapping[str, str] = {}) -> None:
    """Check that a new ticket appears first on the first page. Raises BenchError."""
    answer = httpx2.post(
        url + CREATE.path, json=NEW_TICKET, headers=headers, timeout=SECONDS_TO_ANSWER
    )
    require(answer.status_code == 201, f"creating answers {answer.status_code}: {answer.text}")
    first = _rows(_json(url, LIST, headers))[0]
    require(first["id"] == answer.json()["id"], "the new ticket is not first")


def count_tickets(url: str) -> int:
    """Returns the number of tickets according to the side's statistics."""
    return int(_json(url, STATS)["total_tickets"])


def _check_figures(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    for figure in ("total_tickets", "open_tickets", "avg_urgency_score", *BREAKDOWNS):
        same = ours[figure] == theirs[figure]
        require(same, f"{figure} is {ours[figure]} here and {theirs[figure]} there")


def _json(url: str, request: Request, headers: Mapping[str, str] = {}) -> Any:
    answer = httpx2.get(url + request.path, headers=headers, timeout=SECONDS_TO_ANSWER)
    require(answer.is_success, f"{request.name} answers {answer.status_code}: {answer.text}")
    return answer.json()


def _rows(body: Any) -> list[dict[str, Any]]:
    """Returns the rows of a list: the desk sends an array, the peer an object with `results`."""
    rows: list[dict[str, Any]] = body["results"] if isinstance(body, dict) else body
    return rows


def require(condition: bool, otherwise: str) -> None:
    """Raise BenchError with this reason unless the condition holds."""
    if not condition:
        raise BenchError(f"The figures would be worth nothing: {otherwise}.")
