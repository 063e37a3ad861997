"""What the gateway remembers of the clients that open websockets."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ticket_app.api import websockets as module
from ticket_app.api.websockets import Websockets

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


class Visitors:
    """Clients that open websockets, behind which an application waits for `leave`."""

    def __init__(self) -> None:
        self.websockets = Websockets(self._application, port=1, trusted=())
        self.leave = asyncio.Event()
        self.entered = 0

    async def _application(self, _: Scope, __: Receive, ___: Send) -> None:
        self.entered += 1
        await self.leave.wait()

    async def come(self, port: int = 2000) -> list[Message]:
        """Open one from this port; what was answered."""
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


async def test_to_try_again_and_again_keeps_nobody_out_for_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PER_SECOND", 1_000.0)
    monkeypatch.setattr(module, "AT_ONCE", 10.0)
    visitors = Visitors()
    visitors.leave.set()
    for _ in range(2_000):
        await visitors.come()
    before = visitors.entered
    assert before < 2_000
    await asyncio.sleep(0.1)
    assert await visitors.come() == []
    assert visitors.entered == before + 1


async def test_a_port_that_is_used_again_is_no_trouble_to_the_line_before() -> None:
    visitors = Visitors()
    lines = [asyncio.create_task(visitors.come(port=2000)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert visitors.entered == len(lines)
    visitors.leave.set()
    await asyncio.gather(*lines)
    assert visitors.websockets.lines == {}
