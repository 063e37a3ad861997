"""The bus delivers changes from any thread, and never blocks a writer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from threading import Thread, Timer

import pytest

from ticket_app.bus import Bus, Change, Drafted, Notified
from ticket_app.vocabulary import EventKind

SECONDS = 10


def run(work: Callable[[Bus], Awaitable[None]]) -> None:
    """Run this with a bus that delivers."""

    async def within() -> None:
        bus = Bus()
        async with asyncio.timeout(SECONDS), bus.running():
            await work(bus)

    asyncio.run(within())


async def delivered() -> None:
    """Return once all changes published so far are delivered."""
    for _ in range(3):
        await asyncio.sleep(0)


def waiting(queue: asyncio.Queue[Change]) -> list[int | None]:
    """Returns the ids of the changes in the queue, and empties it."""
    return [queue.get_nowait().ticket_id for _ in range(queue.qsize())]


def changed(ticket_id: int) -> Change:
    """Returns a change of one field."""
    return Change(ticket_id, EventKind.CHANGED, frozenset({"status"}))


def test_changes_from_many_threads_all_arrive() -> None:
    async def work(bus: Bus) -> None:
        with bus.subscribe(1000) as first, bus.subscribe(1000) as second:

            def publish(writer: int) -> None:
                for number in range(20):
                    bus.publish(changed(writer * 100 + number))

            threads = [Thread(target=publish, args=(writer,)) for writer in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                await asyncio.to_thread(thread.join)
            expected = [n * 100 + i for n in range(8) for i in range(20)]
            for queue in (first, second):
                got = [await queue.get() for _ in expected]
                assert sorted(each.ticket_id or 0 for each in got) == expected

    run(work)


def test_a_waiting_listener_is_woken_by_a_thread() -> None:
    async def work(bus: Bus) -> None:
        with bus.subscribe(1) as queue:
            waiting_for_news = asyncio.create_task(queue.get())
            news = Change(7, EventKind.CREATED)
            # By then the loop sleeps, and nothing else wakes it before its time is up.
            Timer(0.05, bus.publish, [news]).start()
            assert await waiting_for_news == news

    run(work)


def test_a_listener_may_follow_one_ticket() -> None:
    async def work(bus: Bus) -> None:
        with bus.subscribe(1, 7) as page, bus.subscribe(10) as all_of_them:
            for ticket_id in (6, 7, 8):
                bus.publish(changed(ticket_id))
            await delivered()
            assert waiting(page) == [7]
            assert waiting(all_of_them) == [6, 7, 8]
            bus.publish(Change(None, None))  # an unknown number of changes
            await delivered()
            assert waiting(page) == [None]

    run(work)


def test_news_for_a_page_that_is_behind_are_one(caplog: pytest.LogCaptureFixture) -> None:
    async def work(bus: Bus) -> None:
        with bus.subscribe(1) as page, bus.subscribe(100) as worker:
            for number in range(5):
                bus.publish(changed(number))
            await delivered()
            assert waiting(page) == [0]
            assert waiting(worker) == [0, 1, 2, 3, 4]
            bus.publish(changed(5))
            await delivered()
            assert waiting(page) == [5]

    run(work)
    assert caplog.records == []


def test_a_listener_that_wants_all_and_is_behind_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work(bus: Bus) -> None:
        with bus.subscribe(2) as queue:
            for number in (1, 2, 3):
                bus.publish(changed(number))
            await delivered()
            assert waiting(queue) == [1, 2]

    caplog.set_level(logging.WARNING)
    run(work)
    assert ["ticket 3" in record.getMessage() for record in caplog.records] == [True]


def test_news_of_a_person_reach_that_person_alone() -> None:
    async def work(bus: Bus) -> None:
        with (
            bus.told_of_notifications(1) as one,
            bus.told_of_notifications(2) as two,
            bus.told_of_notifications(None) as open_desk,
        ):
            bus.publish_notified(Notified(1))
            await delivered()
            assert [each.is_set() for each in (one, two, open_desk)] == [True, False, True]
            bus.publish_notified(Notified(None))
            await delivered()
            assert two.is_set()

    run(work)


def test_a_subscription_that_ended_gets_no_change() -> None:
    async def work(bus: Bus) -> None:
        with bus.subscribe(10) as gone:
            pass
        with bus.subscribe(10) as there:
            bus.publish(changed(1))
            await delivered()
            assert (waiting(gone), waiting(there)) == ([], [1])

    run(work)


def test_publishing_without_a_server_is_quiet() -> None:
    bus = Bus()
    bus.publish(changed(1))

    async def serve_for_a_moment() -> None:
        async with bus.running():
            bus.publish(changed(2))
            await delivered()

    with bus.subscribe(10) as queue:
        asyncio.run(serve_for_a_moment())
        bus.publish(changed(3))  # the loop is closed by now
        assert waiting(queue) == [2]


def test_a_page_hears_of_the_drafts_of_other_pages() -> None:
    async def work(bus: Bus) -> None:
        with (
            bus.subscribe_to_drafts(1, 7, "a page") as own,
            bus.subscribe_to_drafts(1, 7, "another") as other,
            bus.subscribe_to_drafts(2, 7, "foreign") as foreign,
        ):
            bus.publish_draft(Drafted(1, 7, comes_or_goes=False, writer="a page"))
            await delivered()
            assert [queue.qsize() for queue in (own, other, foreign)] == [0, 1, 0]
            bus.publish_draft(Drafted(1, 7, comes_or_goes=True))  # by a message
            await delivered()
            assert own.qsize() == 1

    run(work)
