"""The gateway limits the websockets of each client."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ticket_app.api.limits import websockets as module
from ticket_app.api.limits.websockets import Websockets
from ticket_app.services.people.identity import HANDSHAKE, Handshake

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


class Clients:
    """Clients whose websockets reach an application that waits for `leave`."""

    def __init__(self) -> None:
        self.websockets = Websockets(self._application, port=1, trusted=())
        self.leave = asyncio.Event()
        self.entered = 0

    async def _application(self, _: Scope, __: Receive, ___: Send) -> None:
        self.entered += 1
        await self.leave.wait()

    async def connect(self, port: int = 2000) -> list[Message]:
        """Open a websocket from this port; returns the messages that answer it."""
        answers: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            answers.append(message)

        scope: dict[str, Any] = {
            "type": "websocket",
            "client": ("203.0.113.5", str(port)),
            "headers": [],
            "query_string": b"token=a",
        }
        await self.websockets(scope, receive, send)
        return answers


async def test_repeated_attempts_do_not_prolong_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PER_SECOND", 1_000.0)
    monkeypatch.setattr(module, "BURST", 10.0)
    clients = Clients()
    clients.leave.set()
    for _ in range(2_000):
        await clients.connect()
    before = clients.entered
    assert before < 2_000
    await asyncio.sleep(0.1)
    assert await clients.connect() == []
    assert clients.entered == before + 1


async def test_a_port_that_is_used_again_is_no_trouble_to_the_line_before() -> None:
    clients = Clients()
    connections = [asyncio.create_task(clients.connect(port=2000)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert clients.entered == len(connections)
    clients.leave.set()
    await asyncio.gather(*connections)
    assert clients.websockets.by_peer == {}


@pytest.mark.parametrize(
    ("origin", "counts"),
    [
        (b"https://desk.example.com", True),
        (b"http://localhost:3000", True),
        (b"https://other.example.com", False),
        (b"", False),
    ],
)
async def test_a_cookie_counts_for_pages_of_the_desk_only(origin: bytes, counts: bool) -> None:
    passed_on: list[Scope] = []

    async def application(scope: Scope, _: Receive, __: Send) -> None:
        passed_on.append(scope)

    async def connect() -> Message:
        return {"type": "websocket.connect"}

    async def send(_: Message) -> None:
        raise AssertionError("it is let in")

    headers = [(b"host", b"desk.example.com"), (b"cookie", b"desk_session=secret")]
    scope: dict[str, Any] = {
        "type": "websocket",
        "client": ("203.0.113.5", "2000"),
        "headers": [*headers, *([(b"origin", origin)] if origin else [])],
        "query_string": b"token=a",
    }
    of_desk = Websockets(application, port=1, trusted=(), pages=("http://localhost:3000",))
    await of_desk(scope, connect, send)
    assert passed_on[0][HANDSHAKE] == Handshake("secret" if counts else None, "203.0.113.5")
