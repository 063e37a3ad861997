"""What is asked of both sides, and the proof that both give the same answer to it."""

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
    """What is sent, and how many times as many answers as the peer's are `asked` of the desk."""

    name: str
    path: str
    asked: float


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
NOBODYS = md5(b"nobody").hexdigest()  # noqa: S324  # a word as the rows have them
NO_HIT = Request("search, no hit", f"{LIST_PATH}?search={NOBODYS}", 50)
STATS = Request("statistics", f"{LIST_PATH}stats/", 100)
CREATE = Request("create", LIST_PATH, 1.5)
STATUS = Request("change of status", LIST_PATH, 1.5)
WRITING = (CREATE, STATUS)

OTHER_STATUS = {"open": "in_progress", "in_progress": "open"}

BREAKDOWNS = tuple(f"{field}_breakdown" for field in FACETS if field != "status")
"""The peer has no breakdown by status."""


def rare(tickets: int) -> Request:
    """The search for a term that one ticket of so many has, half way through the table."""
    term = md5(str(tickets // 2).encode()).hexdigest()  # noqa: S324  # the rows' own words
    return Request("search, rare term", f"{LIST_PATH}?search={term}", 50)


def reading(tickets: int) -> tuple[Request, ...]:
    """What changes nothing, asked of a desk with so many tickets."""
    return (LIST, FILTER, rare(tickets), FREQUENT, NO_HIT, STATS)


def requests(tickets: int) -> tuple[Request, ...]:
    """All that is asked."""
    return (*reading(tickets), *WRITING)


def creating_script() -> str:
    """wrk's script that files tickets."""
    # A long string of Lua needs no escaping but its own end.
    return (
        'wrk.method = "POST"\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
        f"wrk.body = [==[{json.dumps(NEW_TICKET)}]==]\n"
    )


def status_script(statuses: Mapping[int, str]) -> str:
    """wrk's script that gives each of these tickets its other status, then takes it back, and so
    on: every request changes something."""
    others = ",".join(f"'{OTHER_STATUS[status]}'" for status in statuses.values())
    before = ",".join(f"'{status}'" for status in statuses.values())
    return (
        f"local ids = {{{','.join(map(str, statuses))}}}\n"
        f"local passes = {{[0] = {{{others}}}, [1] = {{{before}}}}}\n"
        "local sent = -1\n"  # wrk asks for one request that it does not send
        'local headers = {["Content-Type"] = "application/json"}\n'
        "function request()\n"
        "  local place = sent % #ids + 1\n"
        "  local status = passes[math.floor(sent / #ids) % 2][place]\n"
        "  sent = sent + 1\n"
        f"  return wrk.format('PATCH', '{LIST_PATH}' .. ids[place] .. '/', headers,"
        " '{\"status\": \"' .. status .. '\"}')\n"
        "end\n"
    )


def changed_after(answers: int, tickets: int) -> int:
    """How many of so many tickets have their other status after so many answers."""
    passes, rest = divmod(answers, tickets)
    return tickets - rest if passes % 2 else rest


def check_desk(url: str, tickets: int) -> str:
    """See that each answer is a whole one; says what was seen. Raises BenchError."""
    found = {}
    for request in reading(tickets)[:-1]:
        found[request] = len(_rows(_json(url, request)))
    require(found[LIST] == min(tickets, PAGE_DEFAULT), f"a page holds {found[LIST]} tickets")
    require(found[FREQUENT] == found[LIST], f"{FREQUENT.name}: {found[FREQUENT]} tickets")
    require(found[FILTER] > 0, f"{FILTER.name}: nothing is found")
    require(found[rare(tickets)] == 1, f"{rare(tickets).name}: not one ticket")
    require(found[NO_HIT] == 0, f"{NO_HIT.name}: {found[NO_HIT]} tickets")
    total = counted(url)
    require(total == tickets, f"the statistics count {total} tickets, {tickets} were loaded")
    return ", ".join(f"{request.name}: {count}" for request, count in found.items())


def check_same(ours: str, theirs: str, tickets: int) -> dict[str, float]:
    """See that both sides answer with the same tickets and the same figures. Raises BenchError.

    Returns the seconds that the other side took for each request, alone.
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
    """The titles of a page, grouped by when they were created.

    In a year of minutes there are moments with several tickets, and the peer leaves it open which
    of them comes first. So the last moment of a full page may be cut differently; it is left out.
    """
    moments = [
        sorted(row["title"] for row in group)
        for _, group in groupby(rows, key=lambda row: row["created_at"])
    ]
    return moments[:-1] if len(rows) >= PAGE_DEFAULT else moments


def check_creating(url: str) -> None:
    """See that a ticket that is filed is then on the first page. Raises BenchError."""
    answer = httpx2.post(url + CREATE.path, json=NEW_TICKET, timeout=SECONDS_TO_ANSWER)
    require(answer.status_code == 201, f"creating answers {answer.status_code}: {answer.text}")
    require(_rows(_json(url, LIST))[0]["id"] == answer.json()["id"], "the new ticket is not first")


def counted(url: str) -> int:
    """How many tickets its statistics count."""
    return int(_json(url, STATS)["total_tickets"])


def _check_figures(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    for figure in ("total_tickets", "open_tickets", "avg_urgency_score", *BREAKDOWNS):
        same = ours[figure] == theirs[figure]
        require(same, f"{figure} is {ours[figure]} here and {theirs[figure]} there")


def _json(url: str, request: Request) -> Any:
    answer = httpx2.get(url + request.path, timeout=SECONDS_TO_ANSWER)
    require(answer.is_success, f"{request.name} answers {answer.status_code}: {answer.text}")
    return answer.json()


def _rows(body: Any) -> list[dict[str, Any]]:
    """Ours is an array; the peer's a page with its results."""
    rows: list[dict[str, Any]] = body["results"] if isinstance(body, dict) else body
    return rows


def require(condition: bool, otherwise: str) -> None:
    """Raise BenchError unless it is so."""
    if not condition:
        raise BenchError(f"The figures would be worth nothing: {otherwise}.")
