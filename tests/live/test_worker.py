"""The background worker: filing never waits for a provider, and one bad ticket stops nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet

import pytest

from tests.services.conftest import Providing
from tests.services.desk import changed, opened
from tests.triage.fake_provider import FakeProvider, Script
from ticket_app.live import worker
from ticket_app.live.bus import bus
from ticket_app.live.worker import CALLS_AT_ONCE, improving
from ticket_app.schemas import TicketPublic
from ticket_app.services.tickets import get_ticket
from ticket_app.services.triage import improve_triage
from ticket_app.vocabulary import Category, TriageField

pytestmark = pytest.mark.usefixtures("database")

SECONDS = 20
"""Far longer than anything here takes: what waits for ever must end as a failure."""


def serve(work: Callable[[], Awaitable[None]]) -> None:
    """Run this while the bus delivers and the worker improves, as in the server."""

    async def within() -> None:
        async with asyncio.timeout(SECONDS), bus.running(), improving():
            await work()

    asyncio.run(within())


async def until(condition: Callable[[], bool]) -> None:
    """Return once this holds; `serve` bounds the wait."""
    while not condition():  # noqa: ASYNC110  # it comes true in the database, which has no event
        await asyncio.sleep(0.01)


def test_a_filed_ticket_is_improved(providing: Providing) -> None:
    fake = providing(Script.GOOD)

    async def work() -> None:
        ticket = await asyncio.to_thread(opened)
        assert ticket.category is not Category.BILLING
        await until(lambda: get_ticket(ticket.id).version == 2)
        assert get_ticket(ticket.id).category is Category.BILLING

    serve(work)
    assert len(fake.received) == 1


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


def test_nothing_waits_for_a_provider_that_hangs(
    providing: Providing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_BACKGROUND_SECONDS", "600")
    without = opened()
    fake = providing(Script.HANG)
    filed: list[TicketPublic] = []

    async def work() -> None:
        for number in range(CALLS_AT_ONCE + 3):
            filed.append(await asyncio.to_thread(opened, title=f"Wallpaper {number}"))
        await until(lambda: len(fake.received) == CALLS_AT_ONCE)
        # Every call that may be under way is, and none is ever answered: the desk goes on.
        filed.append(await asyncio.to_thread(opened))
        await asyncio.to_thread(changed, filed[0].id, description="Another text", status="closed")

    serve(work)
    assert len(fake.received) == CALLS_AT_ONCE
    told = {"description", "category", "priority", "sentiment", "urgency_score", "version"}
    for ticket in filed:
        assert ticket.model_dump(include=told) == without.model_dump(include=told)
    assert [get_ticket(ticket.id).version for ticket in filed[1:]] == [1] * (CALLS_AT_ONCE + 3)


def test_a_ticket_that_cannot_be_improved_stops_nothing(
    providing: Providing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    providing(Script.GOOD)
    caplog.set_level(logging.ERROR)
    ill: set[int] = set()

    async def improve_or_fail(ticket_id: int, fields: AbstractSet[TriageField]) -> None:
        if len(ill) < CALLS_AT_ONCE:  # enough to end every worker that does not survive one
            ill.add(ticket_id)
            raise RuntimeError("the test's own")
        await improve_triage(ticket_id, fields)

    monkeypatch.setattr(worker, "improve_triage", improve_or_fail)

    async def work() -> None:
        filed = [await asyncio.to_thread(opened) for _ in range(CALLS_AT_ONCE + 2)]
        well = [t.id for t in filed[CALLS_AT_ONCE:]]
        await until(lambda: [get_ticket(number).version for number in well] == [2, 2])

    serve(work)
    assert {get_ticket(number).version for number in ill} == {1}
    logged = [r.getMessage() for r in caplog.records if r.name == worker.__name__]
    assert sorted(logged) == sorted(f"ticket {number} could not be improved" for number in ill)


def test_without_a_provider_nobody_listens() -> None:
    async def work() -> None:
        assert not bus._queues

    serve(work)


def test_the_worker_leaves_with_the_server(providing: Providing) -> None:
    fake: FakeProvider = providing(Script.GOOD)

    async def work() -> None:
        assert len(bus._queues) == 1

    serve(work)
    assert not bus._queues
    opened()
    assert fake.received == []
