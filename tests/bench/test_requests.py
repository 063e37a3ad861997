"""Every request of a script changes something, and a wrong answer raises an error."""

from typing import Any

import pytest

from bench.latency import KINDS, RARE, Kind, Search, check
from bench.load import BenchError
from bench.requests import changed_after, status_script, whole_moments
from ticket_app.schemas.tickets import PAGE_DEFAULT

TICKET = {
    "id": 7,
    "title": "Ticket 7 ab12",
    "description": "ab12 steady",
    "category": "billing",
    "priority": "low",
    "status": "open",
    "sentiment": "calm",
}
OTHER = TICKET | {"id": 8, "category": "account"}


@pytest.mark.parametrize(
    ("answers", "changed"), [(0, 0), (4, 4), (10, 10), (13, 7), (20, 0), (25, 5)]
)
def test_every_second_pass_takes_the_first_one_back(answers: int, changed: int) -> None:
    assert changed_after(answers, 10) == changed


def test_each_ticket_is_given_the_status_that_it_does_not_have() -> None:
    script = status_script({5: "open", 9: "in_progress"})
    assert "local ids = {5,9}" in script
    assert "[0] = {'in_progress','open'}, [1] = {'open','in_progress'}" in script


def test_tickets_of_one_moment_have_no_order() -> None:
    page = [{"title": title, "created_at": at} for title, at in (("c", 3), ("b", 2), ("a", 2))]
    assert whole_moments(page) == [["c"], ["a", "b"]]


def test_the_last_moment_of_a_full_page_may_be_cut_anywhere() -> None:
    page = [{"title": f"{at:03}", "created_at": at} for at in range(PAGE_DEFAULT)]
    assert len(whole_moments(page)) == PAGE_DEFAULT - 1
    assert len(whole_moments(page[1:])) == PAGE_DEFAULT - 1


def kind(source: str) -> Kind:
    """Returns a kind of term with this source."""
    return next(kind for kind in KINDS if kind.source == source)


@pytest.mark.parametrize(
    ("search", "rows"),
    [
        (Search(kind("shared"), "steady", {}, TICKET), [TICKET]),
        (Search(kind("shared"), "steady", {"category": "general"}, TICKET), []),
        (Search(RARE, "ab12", {"category": "account"}, TICKET), []),
        (Search(kind("absent"), "xyz", {}, TICKET), []),
    ],
)
def test_a_right_answer_passes(search: Search, rows: list[dict[str, Any]]) -> None:
    check(search, rows)


@pytest.mark.parametrize(
    ("search", "rows"),
    [
        (Search(kind("shared"), "steady", {}, TICKET), []),
        (Search(kind("shared"), "timeout", {}, TICKET), [TICKET]),
        (Search(kind("shared"), "steady", {"category": "billing"}, TICKET), [OTHER]),
        (Search(RARE, "ab12", {}, TICKET), [OTHER]),
        (Search(RARE, "ab12", {"category": "account"}, TICKET), [TICKET | {"category": "account"}]),
        (Search(kind("absent"), "ab", {}, TICKET), [TICKET]),
    ],
)
def test_a_wrong_answer_is_an_error(search: Search, rows: list[dict[str, Any]]) -> None:
    with pytest.raises(BenchError):
        check(search, rows)
