"""A body that does not come is given up, the oldest first, and costs those that come nothing."""

import asyncio

import pytest
from starlette.types import Message

from ticket_app.api import bodies
from ticket_app.api.bodies import BODY_MAX, Coming

pytestmark = pytest.mark.anyio

NEVER = asyncio.Queue[Message]


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


def part(body: bytes, *, more: bool) -> Message:
    """A part of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


async def start(coming: Coming, first: bytes = b"{") -> "asyncio.Task[bytes | None]":
    """A body of which the first part has come."""
    queue: asyncio.Queue[Message] = asyncio.Queue()
    queue.put_nowait(part(first, more=True))
    task = asyncio.create_task(coming.read(queue.get))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("first", [b"", b"{"])
async def test_a_body_that_takes_too_long_is_given_up(
    first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "SECONDS_FOR_A_BODY", 0.0)
    monkeypatch.setattr(bodies, "LOOK_SECONDS", 0.01)
    coming = Coming()
    nothing = asyncio.create_task(coming.read(NEVER().get))
    begun = await start(coming, first)
    for each in (nothing, begun):
        with pytest.raises(TimeoutError):
            await each
    assert not coming._bodies


async def test_of_too_many_the_oldest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "COMING_MAX", 3)
    coming = Coming()
    tasks = [await start(coming) for _ in range(5)]
    for oldest in tasks[:2]:
        with pytest.raises(TimeoutError):
            await oldest
    assert not any(each.done() for each in tasks[2:])
    for each in tasks[2:]:
        each.cancel()
    await asyncio.wait(tasks)
    assert all(each.cancelled() for each in tasks[2:])  # by whoever left, and not by us


async def test_of_too_many_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "COMING_BYTES_MAX", 3 * BODY_MAX)
    coming = Coming()
    tasks = [await start(coming, b"x" * BODY_MAX) for _ in range(4)]
    with pytest.raises(TimeoutError):
        await tasks[0]
    assert coming._held == 3 * BODY_MAX
    for each in tasks[1:]:
        each.cancel()
    await asyncio.wait(tasks)
    assert coming._held == 0


async def test_a_body_that_comes_is_read() -> None:
    coming, queue = Coming(), asyncio.Queue[Message]()
    for each in (part(b"{", more=True), part(b"}", more=False)):
        queue.put_nowait(each)
    assert await coming.read(queue.get) == b"{}"
    assert not coming._bodies and coming._held == 0
