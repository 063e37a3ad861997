"""The background worker: filing never waits for a provider, and one bad ticket stops no other."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import pytest

from harness.actors import over_rest
from harness.fake_provider import FakeProvider, Script
from tests.services.conftest import Providing
from tests.services.desk import changed, jobs, opened
from ticket_app.actor import Actor
from ticket_app.bus import Change, News, bus
from ticket_app.live import worker
from ticket_app.live.worker import improving
from ticket_app.schemas.tickets import TicketPublic
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.services.triage.improving import Lease, improve_ticket
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Category, EventKind, TriageStatus

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.rest_in_prove("database")]

SECONDS = 20
"""Far longer than anything here takes, so that endless waiting becomes a failure."""
AT_ONCE = 4
"""Half of AI_CALLS_AT_ONCE."""


def serve(work: Callable[[], Awaitable[None]]) -> None:
    """Run this while the bus delivers and the worker improves tickets, as in the server."""

    async def within() -> None:
        async with asyncio.timeout(SECONDS), bus.running(), improving():
            await work()

    asyncio.run(within())


async def until(condition: Callable[[], bool]) -> None:
    """Return once this holds; `serve` bounds the wait."""
    while not condition():  # noqa: ASYNC110  # it comes true in the database, without an event
        await asyncio.sleep(0.01)


async def filed(count: int) -> list[TicketPublic]:
    """Files this many tickets, each with a text of its own."""
    return [await asyncio.to_thread(opened, title=f"Wallpaper {n}") for n in range(count)]


def improved(ticket: TicketPublic) -> bool:
    return get_ticket(over_rest(), ticket.id).triage_status is TriageStatus.DONE


def test_a_filed_ticket_is_improved(providing: Providing) -> None:
    fake = providing(Script.GOOD)

    async def work() -> None:
        started = time.perf_counter()
        ticket = await asyncio.to_thread(opened)
        assert ticket.category is not Category.BILLING
        await until(lambda: improved(ticket))
        assert get_ticket(over_rest(), ticket.id).category is Category.BILLING
        assert time.perf_counter() - started < worker.POLL_SECONDS  # it was woken, and did not poll

    serve(work)
    assert len(fake.received) == 1


def test_what_this_process_can_take_wakes_no_other(providing: Providing) -> None:
    providing(Script.GOOD)
    others: list[News] = []

    async def work() -> None:
        with bus.relayed_by(others.append):
            tickets = await filed(AT_ONCE)
            await until(lambda: all(improved(ticket) for ticket in tickets))

    serve(work)
    assert others
    assert {each.origin for each in others if isinstance(each, Change)} == {"elsewhere"}


def test_what_this_process_cannot_take_wakes_the_others(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_BACKGROUND_SECONDS", "600")
    fake = providing(Script.HANG)
    others: list[News] = []

    async def work() -> None:
        with bus.relayed_by(others.append):
            await filed(AT_ONCE)
            await until(lambda: len(fake.received) == AT_ONCE)
            assert {each.origin for each in others if isinstance(each, Change)} == {"elsewhere"}
            ticket = (await filed(1))[0]
            handed_on = Change(ticket.id, EventKind.CREATED, origin="handed_on")
            await until(lambda: handed_on in others)

    serve(work)


def test_what_another_process_cannot_take_is_taken_at_once(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 60.0)
    providing(Script.GOOD)

    async def work() -> None:
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(bus, "_loop", None)  # another process, not heard here
            ticket = (await filed(1))[0]
        with bus.relayed_by(lambda change: pytest.fail(f"{change} was sent on")):
            bus.deliver(Change(ticket.id, EventKind.CREATED, origin="handed_on"))
            await asyncio.sleep(0)
        await until(lambda: improved(ticket))

    serve(work)


def test_what_waited_while_nobody_served_is_improved(providing: Providing) -> None:
    fake = providing(Script.GOOD)
    waiting = [opened(title=f"Wallpaper {number}") for number in range(AT_ONCE + 2)]

    async def work() -> None:
        await until(lambda: all(improved(ticket) for ticket in waiting))

    serve(work)
    assert len(fake.received) == len(waiting)
    assert jobs() == []


def test_a_change_that_leaves_the_text_asks_nobody(providing: Providing) -> None:
    ticket = opened()
    fake = providing(Script.GOOD)

    async def work() -> None:
        await asyncio.to_thread(changed, ticket.id, status="closed", priority="high")
        await asyncio.to_thread(opened, title="The one that is asked about")
        await until(lambda: len(fake.received) == 1)

    serve(work)
    assert len(fake.received) == 1
    assert "The one that is asked about" in fake.received[0].body


def test_nothing_waits_for_a_provider_that_hangs_and_what_it_held_is_given_back(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_BACKGROUND_SECONDS", "600")
    fake = providing(Script.HANG)
    tickets: list[TicketPublic] = []

    async def work() -> None:
        tickets.extend(await filed(AT_ONCE + 3))
        await until(lambda: len(fake.received) == AT_ONCE)
        # All permitted calls are running, and none is ever answered; the desk still works.
        tickets.append(await asyncio.to_thread(opened))
        await asyncio.to_thread(changed, tickets[0].id, description="Another", status="closed")

    serve(work)
    assert len(fake.received) == AT_ONCE
    assert {ticket.triage_status for ticket in tickets} == {TriageStatus.PENDING}
    assert len(jobs()) == len(tickets)
    fake.script = Script.GOOD

    async def again() -> None:
        await until(lambda: all(improved(ticket) for ticket in tickets))

    serve(again)  # at once: the first server released its leases at its end


def test_a_backlog_is_worked_off_at_a_bounded_rate(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_BACKLOG_PER_MINUTE", "120")
    fake = providing(Script.GOOD)
    waiting = [opened(title=f"Wallpaper {number}") for number in range(AT_ONCE + 4)]
    times: list[float] = []
    fake.during_call = lambda: times.append(time.perf_counter())

    async def work() -> None:
        await until(lambda: all(improved(ticket) for ticket in waiting))

    serve(work)
    assert len(times) == len(waiting)
    # Two a second, except that the first ones may start together.
    assert max(times) - min(times) > 4 / 2 - 0.6


def test_a_provider_that_is_left_alone_is_not_asked_and_taken_back(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticket_app.triage.provider.circuit_breaker.PAUSE_SECONDS", 1.0)
    monkeypatch.setattr("ticket_app.services.triage.improving.PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.1)
    monkeypatch.setenv("AI_BACKLOG_PER_MINUTE", "6000")
    fake = providing(Script.UNAUTHORIZED)

    async def work() -> None:
        tickets = await filed(3)
        await until(lambda: len(fake.received) >= 5)
        while_open = len(fake.received)
        await asyncio.sleep(0.4)
        assert len(fake.received) - while_open <= AT_ONCE  # the calls that were running
        fake.script = Script.GOOD
        await until(lambda: all(improved(ticket) for ticket in tickets))

    serve(work)


def test_while_one_call_tries_the_rest_of_the_backlog_is_left_alone(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticket_app.triage.provider.circuit_breaker.PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    monkeypatch.setenv("AI_BACKLOG_PER_MINUTE", "6000")
    fake = providing(Script.UNAUTHORIZED)

    async def work() -> None:
        await filed(AT_ONCE + 6)
        await until(lambda: len(fake.received) >= 5)
        fake.script = Script.HANG
        await until(lambda: len(fake.received) >= 6)
        taken = sum(job.attempts for job in jobs())
        await asyncio.sleep(0.6)
        assert sum(job.attempts for job in jobs()) - taken <= AT_ONCE

    serve(work)


def test_over_budget_everything_waits(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_DAILY_BUDGET_USD", "0")
    fake = providing(Script.GOOD)
    monkeypatch.setenv("AI_MODEL", "gpt-4o-mini")
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.05)
    get_settings.cache_clear()

    async def work() -> None:
        ticket = (await filed(1))[0]
        await asyncio.sleep(0.5)
        assert get_ticket(over_rest(), ticket.id).triage_status is TriageStatus.PENDING
        monkeypatch.delenv("AI_DAILY_BUDGET_USD")
        get_settings.cache_clear()
        await until(lambda: improved(ticket))

    serve(work)
    assert len(fake.received) == 1


def test_a_ticket_that_cannot_be_improved_stops_nothing(
    providing: Providing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    providing(Script.GOOD)
    caplog.set_level(logging.ERROR)
    ill: set[int] = set()

    async def improve_or_fail(actor: Actor, lease: Lease) -> None:
        if len(ill) < AT_ONCE:  # enough to end every worker that does not survive it
            ill.add(lease.ticket_id)
            raise RuntimeError("the test's own")
        await improve_ticket(actor, lease)

    monkeypatch.setattr(worker, "improve_ticket", improve_or_fail)

    async def work() -> None:
        tickets = await filed(AT_ONCE + 2)
        await until(lambda: sum(improved(ticket) for ticket in tickets) == 2)

    serve(work)
    assert {get_ticket(over_rest(), number).triage_status for number in ill} == {
        TriageStatus.PENDING
    }
    assert {job.bad_answers for job in jobs()} == {1}  # the attempts are counted, so that they end
    logged = [r.getMessage() for r in caplog.records if r.name == worker.__name__]
    assert sorted(logged) == sorted(f"ticket {number} could not be improved" for number in ill)


def test_without_a_provider_nothing_waits(
    providing: Providing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fake: FakeProvider = providing(Script.GOOD)
    ticket = opened()
    monkeypatch.setenv("AI_PROVIDER", "offline")
    get_settings.cache_clear()

    async def work() -> None:
        await until(lambda: "1 tickets no longer wait for one" in caplog.text)
        assert not bus._queues

    serve(work)
    assert improved(ticket)
    assert fake.received == []


def test_the_worker_leaves_with_the_server(providing: Providing) -> None:
    fake: FakeProvider = providing(Script.GOOD)

    async def work() -> None:
        await until(lambda: len(bus._queues) == 1)

    serve(work)
    assert not bus._queues
    opened()
    assert fake.received == []
