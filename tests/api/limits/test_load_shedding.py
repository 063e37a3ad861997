"""Requests beyond the limit of a process get 503; health is still answered."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from ticket_app.api.limits import load_shedding as module
from ticket_app.api.limits.load_shedding import LoadShedder

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


async def test_a_request_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REQUESTS_MAX", 2)
    shedder, leave, answers = LoadShedder(8000, spared=()), asyncio.Event(), list[Message]()

    async def room(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await leave.wait()

    async def send(message: Message) -> None:
        answers.append(message)

    async def ask(path: str, port: int) -> None:
        scope = {"type": "http", "path": path, "client": ("127.0.0.1", port)}
        await shedder.serve(room, scope, asyncio.Queue[Message]().get, send)

    async with asyncio.TaskGroup() as asking:
        for port, path in enumerate(("/", "/api/tickets/", "/", "/api/health/")):
            asking.create_task(ask(path, port))
        await asyncio.sleep(0.01)
        statuses = [each["status"] for each in answers if "status" in each]
        assert statuses == [200, 200, 503, 200]
        (headers,) = (dict(each["headers"]) for each in answers if each.get("status") == 503)
        assert headers[b"retry-after"] == b"1"
        leave.set()
    await ask("/", 5)
    assert answers[-1]["status"] == 200


async def test_a_look_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.0)
    looks, enough = list[int](), asyncio.Event()

    def count() -> int:
        looks.append(1)
        if len(looks) == 1:
            raise OSError(24, "Too many open files")
        enough.set()
        return 0

    monkeypatch.setattr(module, "count_open_files", count)
    async with LoadShedder(8000, spared=()).closing_idle_connections(), asyncio.timeout(30):
        await enough.wait()
