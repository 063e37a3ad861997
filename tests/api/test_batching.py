"""Requests that arrive during a batch form the next batch, and one failure affects no other."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from threading import Event

import pytest
from starlette.testclient import TestClient

from harness.actors import over_rest
from tests.services.desk import PLAIN, all_tickets, events_of, opened, suggestions_of
from ticket_app.api.app import make_api
from ticket_app.api.tickets import batching
from ticket_app.api.tickets.batching import Batcher
from ticket_app.api.tickets.tickets import FILING, open_ticket
from ticket_app.errors import BusyError, DatabaseUnavailableError
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.tickets.filing import Filed, Request
from ticket_app.services.tickets.listing import get_ticket

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


class Doubling:
    """Doubles each number and records the batches; `work` blocks until `go` is set."""

    def __init__(self) -> None:
        self.lots: list[list[int]] = []
        self.begun, self.go = Event(), Event()

    def work(self, numbers: list[int]) -> list[int]:
        self.lots.append(numbers)
        self.begun.set()
        assert self.go.wait(10)
        if 13 in numbers:
            raise ValueError("13")
        if 0 in numbers:
            raise DatabaseUnavailableError
        return [2 * number for number in numbers]

    def batcher(self, *, most: int = 4) -> Batcher[int, int]:
        return Batcher(self.work, most=most)


async def _done(batcher: Batcher[int, int], doubling: Doubling, *numbers: int) -> list[object]:
    """Returns the result or exception for each number; all are submitted before the first ends."""
    tasks = [asyncio.create_task(batcher.submit(number)) for number in numbers]
    assert await asyncio.to_thread(doubling.begun.wait, 10)
    doubling.go.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_waiting_requests_are_done_in_batches_and_in_order() -> None:
    doubling = Doubling()
    answers = await _done(doubling.batcher(), doubling, 1, 2, 3, 4, 5, 6)
    assert answers == [2, 4, 6, 8, 10, 12]
    assert max(map(len, doubling.lots)) == 4
    assert list(chain.from_iterable(doubling.lots)) == [1, 2, 3, 4, 5, 6]


async def test_only_the_request_that_fails_gets_the_error() -> None:
    doubling = Doubling()
    first, *others = await _done(doubling.batcher(), doubling, 1, 2, 13, 4)
    assert [first, others[0], others[2]] == [2, 4, 8]
    assert isinstance(others[1], ValueError)


async def test_a_database_that_is_away_is_asked_once() -> None:
    doubling = Doubling()
    answers = await _done(doubling.batcher(most=8), doubling, 1, 0, 3, 4)
    assert {type(answer) for answer in answers[1:]} == {DatabaseUnavailableError}
    assert len(doubling.lots) <= 2


async def test_a_cancelled_request_is_not_done_and_delays_no_other() -> None:
    doubling = Doubling()
    batcher = doubling.batcher(most=1)
    tasks = [asyncio.create_task(batcher.submit(number)) for number in (1, 2, 3)]
    assert await asyncio.to_thread(doubling.begun.wait, 10)
    tasks[1].cancel()
    doubling.go.set()
    assert [await tasks[0], await tasks[2]] == [2, 6]
    assert doubling.lots == [[1], [3]]
    assert await batcher.submit(4) == 8


@pytest.mark.usefixtures("database")
def test_tickets_filed_at_once_are_each_their_own() -> None:
    with TestClient(make_api()) as client:

        async def file_all() -> list[tuple[int, str]]:
            titles = [f"Ticket {number}" for number in range(40)]
            answers = await asyncio.gather(
                *(open_ticket(over_rest(), TicketCreate.model_validate(PLAIN | {"title": title}))
                  for title in titles)
            )  # fmt: skip
            return [(int(answer.headers["Location"].split("/")[-2]), title)
                    for answer, title in zip(answers, titles, strict=True)]  # fmt: skip

        filed = asyncio.run(file_all())
        assert len({ticket_id for ticket_id, _ in filed}) == 40
        for ticket_id, title in filed:
            assert get_ticket(over_rest(), ticket_id).title == title
            suggestions = client.get(f"/api/tickets/{ticket_id}/suggestions/").json()
            assert len(suggestions) == 5
        assert client.get("/api/tickets/stats/").json()["total_tickets"] == 40


@pytest.mark.usefixtures("database")
def test_changes_of_one_ticket_that_arrive_at_once_all_count() -> None:
    ticket_id = opened(requester_name="nobody").id
    with TestClient(make_api()) as client, ThreadPoolExecutor(8) as threads:

        def change(number: int) -> int:
            answer = client.patch(
                f"/api/tickets/{ticket_id}/", json={"requester_name": f"{number}"}
            )
            return answer.status_code

        assert set(threads.map(change, range(24))) == {200}
    assert get_ticket(over_rest(), ticket_id).version == 25
    changes = events_of(ticket_id)[1:]
    assert {change.new_value for change in changes} == set(map(str, range(24)))
    assert all(later.old_value == earlier.new_value for earlier, later in pairwise(changes))


@pytest.mark.usefixtures("database")
async def test_a_ticket_that_the_database_refuses_takes_no_other_along() -> None:
    good = TicketCreate.model_validate(PLAIN)
    bad = good.model_copy(update={"requester_name": "x" * 1_000})
    filed = await asyncio.gather(
        *(FILING.submit(Request(over_rest(), new)) for new in (good, good, bad, good)),
        return_exceptions=True,
    )
    tickets = [one.ticket for one in filed if isinstance(one, Filed)]
    assert len(tickets) == 3
    assert isinstance(filed[2], Exception)
    assert [ticket.id for ticket in all_tickets()] == sorted(
        (ticket.id for ticket in tickets), reverse=True
    )
    assert all(len(suggestions_of(ticket.id)) == 5 for ticket in tickets)


async def test_a_database_that_is_away_fails_all_waiting_requests_at_once() -> None:
    doubling = Doubling()
    answers = await _done(doubling.batcher(most=2), doubling, 1, 2, 0, 4, 5, 6, 7, 8)
    assert answers[0] == 2
    assert {type(answer) for answer in answers[2:]} == {DatabaseUnavailableError}
    assert len(doubling.lots) == 2


def test_a_request_behind_too_many_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "WAITING_MAX", 3)
    begun, release = Event(), Event()

    def work(numbers: list[int]) -> list[int]:
        begun.set()
        assert release.wait(60)
        return numbers

    async def scene() -> None:
        batcher = Batcher(work, most=8)
        first = asyncio.create_task(batcher.submit(0))
        assert await asyncio.to_thread(begun.wait, 10)
        behind = [asyncio.create_task(batcher.submit(number)) for number in range(1, 6)]
        refused = await asyncio.gather(*behind[3:], return_exceptions=True)
        assert {type(answer) for answer in refused} == {BusyError}
        release.set()
        assert await asyncio.gather(first, *behind[:3]) == [0, 1, 2, 3]

    asyncio.run(scene())
