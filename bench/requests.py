"""What is asked of both sides, and the proof that both give the same answer to it."""

from typing import Any

import httpx2

from bench.load import BenchError, Request
from ticket_app.schemas import PAGE_DEFAULT

LIST = Request("list, a page of 50", "/api/tickets/", 32)
SEARCH = Request("filter and search", "/api/tickets/?category=technical&search=timeout", 32)
STATS = Request("statistics", "/api/tickets/stats/", 32)
CREATE = Request(
    "create", "/api/tickets/", 8,
    {
        "title": "Card reader keeps disconnecting",
        "description": "Since the update the card reader loses its connection every few minutes, "
        "and customers have to put in their card again. Please help.",
        "category": "technical",
        "priority": "high",
    },
)  # fmt: skip
READING = (LIST, SEARCH, STATS)

BREAKDOWNS = ("category_breakdown", "priority_breakdown", "sentiment_breakdown")


def check_desk(url: str, count: int) -> str:
    """See that each answer is a whole one; says what was seen. Raises BenchError."""
    listed, found = _titles(_json(url, LIST)), _titles(_json(url, SEARCH))
    total = _json(url, STATS)["total_tickets"]
    _require(len(listed) == min(count, PAGE_DEFAULT), f"a page holds {len(listed)} tickets")
    _require(bool(found), "the search finds nothing")
    _require(total == count, f"the statistics count {total} tickets, {count} were loaded")
    return f"{len(listed)} tickets on a page, {len(found)} found by the search, {total:,} counted"


def check_same(desk: str, peer: str) -> None:
    """See that both sides answer with the same tickets and the same figures. Raises BenchError."""
    for request in (LIST, SEARCH):
        ours, theirs = _titles(_json(desk, request)), _titles(_json(peer, request))
        _require(ours == theirs, f"{request.name}: the two sides answer with different tickets")
    ours, theirs = _json(desk, STATS), _json(peer, STATS)
    for figure in ("total_tickets", "open_tickets", "avg_urgency_score", *BREAKDOWNS):
        same = ours[figure] == theirs[figure]
        _require(same, f"{figure} is {ours[figure]} here and {theirs[figure]} there")


def check_creating(url: str) -> None:
    """See that a ticket that is filed is then on the first page. Raises BenchError."""
    answer = httpx2.post(url + CREATE.path, json=CREATE.body, timeout=30)
    _require(answer.status_code == 201, f"creating answers {answer.status_code}: {answer.text}")
    _require(_rows(_json(url, LIST))[0]["id"] == answer.json()["id"], "the new ticket is not first")


def _json(url: str, request: Request) -> Any:
    answer = httpx2.get(url + request.path, timeout=30)
    _require(answer.is_success, f"{request.name} answers {answer.status_code}: {answer.text}")
    return answer.json()


def _rows(body: Any) -> list[dict[str, Any]]:
    """Ours is an array; the peer's a page with its results."""
    rows: list[dict[str, Any]] = body["results"] if isinstance(body, dict) else body
    return rows


def _titles(body: Any) -> list[str]:
    return [row["title"] for row in _rows(body)]


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise BenchError(f"Nothing was measured: {otherwise}.")
