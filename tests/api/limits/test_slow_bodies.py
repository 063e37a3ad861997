"""A body that does not arrive is abandoned, the oldest first; complete bodies are not affected."""

import asyncio

import pytest
from starlette.types import Message

from ticket_app.api.limits import bodies
from ticket_app.api.limits.bodies import BODY_MAX, IncompleteBodies

pytestmark = pytest.mark.anyio

NEVER = asyncio.Queue[Message]


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def start(incomplete: IncompleteBodies, first: bytes = b"{") -> "asyncio.Task[bytes | None]":
    """Starts a body whose first part has arrived."""
    queue: asyncio.Queue[Message] = asyncio.Queue()
    queue.put_nowait(part(first, more=True))
    task = asyncio.create_task(incomplete.read(queue.get, BODY_MAX))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("first", [b"", b"{"])
async def test_a_body_that_takes_too_long_is_given_up(
    first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "SECONDS_FOR_A_BODY", 0.0)
    monkeypatch.setattr(bodies, "CHECK_SECONDS", 0.01)
    incomplete = IncompleteBodies()
    nothing = asyncio.create_task(incomplete.read(NEVER().get, BODY_MAX))
    begun = await start(incomplete, first)
    for each in (nothing, begun):
        with pytest.raises(TimeoutError):
            await each
    assert not incomplete._bodies


async def test_of_too_many_bodies_the_oldest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "INCOMPLETE_MAX", 3)
    incomplete = IncompleteBodies()
    tasks = [await start(incomplete) for _ in range(5)]
    for oldest in tasks[:2]:
        with pytest.raises(TimeoutError):
            await oldest
    assert not any(each.done() for each in tasks[2:])
    for each in tasks[2:]:
        each.cancel()
    await asyncio.wait(tasks)
    assert all(each.cancelled() for each in tasks[2:])  # by the client, not by the desk


async def test_of_too_many_bytes_the_oldest_body_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "INCOMPLETE_BYTES_MAX", 3 * BODY_MAX)
    incomplete = IncompleteBodies()
    tasks = [await start(incomplete, b"x" * BODY_MAX) for _ in range(4)]
    with pytest.raises(TimeoutError):
        await tasks[0]
    assert incomplete._held == 3 * BODY_MAX
    for each in tasks[1:]:
        each.cancel()
    await asyncio.wait(tasks)
    assert incomplete._held == 0


async def test_a_body_that_comes_is_read() -> None:
    incomplete, queue = IncompleteBodies(), asyncio.Queue[Message]()
    for each in (part(b"{", more=True), part(b"}", more=False)):
        queue.put_nowait(each)
    assert await incomplete.read(queue.get, BODY_MAX) == b"{}"
    assert not incomplete._bodies and incomplete._held == 0
