"""A page continues with its state in another process; without Redis it continues in its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State

from tests.redis_server import RedisServer
from tests.state.page import browser
from ticket_app.live import page_store, redis_server
from ticket_app.live.page_store import PageStore
from ticket_app.live.redis_server import connect
from ticket_app.state.connection import replicated_state
from ticket_app.state.connection.replicated_state import (
    ReplicatedStateManager,
    TakeoverTokenManager,
    parts_of,
    restored,
)
from ticket_app.state.form.form import Form
from ticket_app.state.tickets.queue import Queue

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("sqlite_database")]

SECONDS = 20
CHARGED = "My credit card was charged twice for the same invoice."
TAB = BaseStateToken(ident="tab-0", cls=State)


class ConnectionCount:
    """A counter of new connections to Redis, in place of the relay's."""

    times = 1

    def __call__(self) -> int:
        return self.times


@pytest.fixture
def connections() -> ConnectionCount:
    """The counter of a Redis that never was away."""
    return ConnectionCount()


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicated_state, "COPY_SECONDS", 0.02)
    monkeypatch.setattr(replicated_state, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(page_store, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(replicated_state, "LEAVING_SECONDS", 0.5)


@asynccontextmanager
async def process(
    redis: RedisServer, connections: ConnectionCount
) -> AsyncIterator[ReplicatedStateManager]:
    """Yields the state manager of one process, which is killed at the end of the block."""
    client = connect(SecretStr(redis.url))
    store = PageStore(client, version="1", seconds_kept=60)
    states = ReplicatedStateManager(store=store, reached=connections)
    async with asyncio.timeout(SECONDS):
        yield states
    for task in (states._copying, states._expiration_task):
        if task is not None:
            task.cancel()
    await client.aclose()


async def until(condition: Callable[[], bool]) -> None:
    """Return once this holds; `process` bounds the wait."""
    while not condition():  # noqa: ASYNC110  # it comes true in Redis, which has no event
        await asyncio.sleep(0.01)


async def wait_until_copied(states: ReplicatedStateManager) -> None:
    """Return once Redis has a copy of everything."""
    await until(lambda: states._copying is not None and states._copying.done())


async def choose(states: ReplicatedStateManager, priority: str) -> None:
    """Choose a priority in the page's form."""
    async with states.modify_state(TAB) as root:
        root.get_substate(Form.get_full_name().split(".")).proposed_title = priority


async def chosen_priority(states: ReplicatedStateManager) -> str:
    """Returns the priority in the page's form."""
    async with states.modify_state(TAB) as root:
        priority: str = root.get_substate(Form.get_full_name().split(".")).proposed_title
        return priority


async def test_a_page_goes_on_where_another_process_takes_it_up(
    redis: RedisServer, connections: ConnectionCount
) -> None:
    async with process(redis, connections) as first, browser(first) as tabs:
        page = await tabs.open("/?status=open")
        await page.do(Form.choose("priority", "critical"))
        await page.do(Form.write("title", "Charged twice"))
        await page.do(Form.describe(CHARGED))
        shown = page.shown(Form)
        assert shown["category_suggested"] is True
        await wait_until_copied(first)
    async with process(redis, connections) as second, browser(second) as tabs:
        page = await tabs.open("/?status=open")
        again = page.shown(Form)
        kept = ("category_suggested", "priority_suggested", "reasons", "sure")
        assert {name: again[name] for name in kept} == {name: shown[name] for name in kept}
        await page.do(Form.meet({}))  # a new form gets the text of the earlier one
        for field, value in (
            ("title", "Charged twice"), ("category", "billing"), ("priority", "critical"),
        ):  # fmt: skip
            put = ("_set_value", {"ref": f"ref_{field}", "value": value})
            assert put in page.browser_events
        assert page.shown(Queue)["status"] == ["open"]


async def test_only_what_an_event_changed_is_copied(
    redis: RedisServer, connections: ConnectionCount
) -> None:
    async with process(redis, connections) as states:
        await choose(states, "high")
        await wait_until_copied(states)
        root = await states.get_state(TAB)
        assert parts_of(root, whole=False) == {}
        await chosen_priority(states)
        assert len(parts_of(root, whole=True)) > 5
        async with states.modify_state(TAB) as root:
            root.get_substate(Form.get_full_name().split(".")).proposed_title = "low"
            assert list(parts_of(root, whole=False)) == [Form.get_full_name()]


async def test_who_comes_back_from_another_process_does_not_find_what_was(
    redis: RedisServer, connections: ConnectionCount
) -> None:
    async with process(redis, connections) as first, process(redis, connections) as second:
        await choose(first, "low")
        await wait_until_copied(first)
        await TakeoverTokenManager(second).link_token_to_sid(TAB.ident, "socket 1")
        assert await chosen_priority(second) == "low"
        await choose(second, "high")
        await wait_until_copied(second)
        assert await chosen_priority(first) == "low"
        await wait_until_copied(first)
        await TakeoverTokenManager(first).link_token_to_sid(TAB.ident, "socket 2")
        assert await chosen_priority(first) == "high"


async def test_a_page_that_loads_anew_may_arrive_before_it_is_seen_to_leave(
    redis: RedisServer, connections: ConnectionCount
) -> None:
    async with process(redis, connections) as states:
        arrivals = TakeoverTokenManager(states)
        await arrivals.link_token_to_sid(TAB.ident, "socket 1")
        await choose(states, "high")
        again = asyncio.create_task(arrivals.link_token_to_sid(TAB.ident, "socket 2"))
        await asyncio.sleep(0.1)
        await arrivals.disconnect_token(TAB.ident, "socket 1")
        assert await again is None
        assert await chosen_priority(states) == "high"


async def test_a_second_tab_with_the_same_token_gets_one_of_its_own(
    redis: RedisServer, connections: ConnectionCount
) -> None:
    async with process(redis, connections) as states:
        arrivals = TakeoverTokenManager(states)
        assert await arrivals.link_token_to_sid(TAB.ident, "socket 1") is None
        assert await arrivals.link_token_to_sid(TAB.ident, "socket 2") not in (None, TAB.ident)


async def test_without_redis_pages_go_on_and_are_copied_whole_when_it_is_back(
    redis: RedisServer, connections: ConnectionCount
) -> None:
    async with process(redis, connections) as first, process(redis, connections) as second:
        one, other = TakeoverTokenManager(first), TakeoverTokenManager(second)
        await one.link_token_to_sid(TAB.ident, "socket 1")
        await choose(first, "low")
        async with first.modify_state(TAB) as root:
            root.get_substate(Queue.get_full_name().split(".")).search = "invoice"
        await wait_until_copied(first)
        redis.stop()
        began = time.monotonic()
        await choose(first, "critical")
        assert await chosen_priority(first) == "critical"
        await one.disconnect_token(TAB.ident, "socket 1")
        await other.link_token_to_sid(TAB.ident, "socket 2")
        assert await chosen_priority(second) == ""  # a page that moves now starts empty
        await other.disconnect_token(TAB.ident, "socket 2")
        await one.link_token_to_sid(TAB.ident, "socket 3")
        assert await chosen_priority(first) == "critical"
        assert time.monotonic() - began < 3
        await until(lambda: not second._changed)  # so that later nothing old overwrites it
        redis.start()  # empty
        connections.times += 1
        assert await chosen_priority(first) == "critical"  # pages are refreshed then
        await until(lambda: first._whole.get(TAB.cache_key) == connections.times)
        await other.link_token_to_sid(TAB.ident, "socket 4")
        assert await chosen_priority(second) == "critical"
        async with second.modify_state(TAB) as root:
            assert root.get_substate(Queue.get_full_name().split(".")).search == "invoice"


async def test_an_idle_page_is_copied_whole_after_redis_was_emptied(
    redis: RedisServer, connections: ConnectionCount
) -> None:
    async with process(redis, connections) as first, process(redis, connections) as second:
        await choose(first, "low")
        await wait_until_copied(first)
        redis.stop()
        redis.start()
        connections.times += 1
        await chosen_priority(first)  # refreshes the page without a change
        await until(lambda: first._whole.get(TAB.cache_key) == connections.times)
        assert await chosen_priority(second) == "low"


async def test_a_redis_that_says_nothing_holds_up_no_event_but_the_first_of_a_page(
    redis: RedisServer, connections: ConnectionCount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_store, "PAUSE_SECONDS", 5.0)
    async with process(redis, connections) as states:
        redis.freeze()
        began = time.monotonic()
        await choose(states, "low")
        assert time.monotonic() - began < 3
        for priority in ("high", "critical"):
            began = time.monotonic()
            await choose(states, priority)
            assert time.monotonic() - began < redis_server.SECONDS  # the client's timeout
        redis.thaw()


async def test_the_end_of_a_process_copies_what_was_not_copied(
    redis: RedisServer, connections: ConnectionCount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicated_state, "COPY_SECONDS", 60.0)
    async with process(redis, connections) as first, process(redis, connections) as second:
        await choose(first, "high")
        await first.close()
        assert await chosen_priority(second) == "high"


async def test_a_part_that_cannot_be_read_is_new_and_the_others_stay(
    redis: RedisServer, connections: ConnectionCount
) -> None:
    async with process(redis, connections) as states:
        await choose(states, "high")
        parts = parts_of(await states.get_state(TAB), whole=True)
        parts[Queue.get_full_name()] = b"of another version"
        fresh = await ReplicatedStateManager(store=states.store, reached=connections).get_state(
            BaseStateToken(ident="another", cls=State)
        )
    tree = restored(fresh, parts)
    assert tree.get_substate(Form.get_full_name().split(".")).proposed_title == "high"
    assert tree.get_substate(Queue.get_full_name().split(".")).search == ""
