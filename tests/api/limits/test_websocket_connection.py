"""The limits of a websocket: unread bytes, the client's messages, and their rate."""

import asyncio

import pytest
from starlette.types import Message

from ticket_app.api.limits import websocket_connection as module
from ticket_app.api.limits.token_bucket import TokenBucket
from ticket_app.api.limits.websocket_connection import UNREAD_MAX, WebsocketConnection

pytestmark = pytest.mark.anyio

PAGE = "42/_event," + '["event",{"delta":{}}]' + "x" * 100_000


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


class Server:
    """A server whose client reads once `reads` is set, and sends the messages in `says`."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.reads = asyncio.Event()
        self.says: asyncio.Queue[Message] = asyncio.Queue()
        self.unread = 0

    async def send(self, message: Message) -> None:
        """Send the message once the client reads."""
        await self.reads.wait()
        self.sent.append(message)

    def connect(self) -> WebsocketConnection:
        """Returns a connection to this client."""
        return WebsocketConnection(
            "ana", self.says.get, self.send, bucket=TokenBucket(1e6, 1e6), on_unread=self.grow
        )

    def grow(self, size: int) -> None:
        """Add to the count of unread bytes."""
        self.unread += size


@pytest.fixture
async def server() -> Server:
    """A server in this test's event loop."""
    return Server()


async def cut_by(websocket: WebsocketConnection, what: object) -> None:
    """Wait for the cancellation by which the task of a closed connection ends."""
    assert asyncio.current_task() is websocket._task
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(10)
    asyncio.current_task().uncancel()  # type: ignore[union-attr]  # this test is a task


async def test_a_client_that_never_reads_holds_so_much_and_no_more(server: Server) -> None:
    websocket = server.connect()
    largest = 0
    for _ in range(2 * UNREAD_MAX // len(PAGE)):
        await websocket.send({"type": "websocket.send", "text": PAGE})
        largest = max(largest, server.unread)
    assert UNREAD_MAX - len(PAGE) < largest <= UNREAD_MAX + len(PAGE)
    assert server.unread == websocket.unread == 0
    await cut_by(websocket, "unread")


async def test_a_client_that_reads_gets_everything_in_order(server: Server) -> None:
    websocket = server.connect()
    texts = [str(number) for number in range(100)]
    for text in texts:
        await websocket.send({"type": "websocket.send", "text": text})
    server.reads.set()
    await websocket.send({"type": "websocket.close"})
    assert [each.get("text") for each in server.sent] == [*texts, None]
    assert server.unread == 0
    await websocket.send({"type": "websocket.send", "text": "a", "bytes": None})


async def test_a_client_that_stops_reading_is_cut_after_a_while(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS_WITHOUT_PROGRESS", -1.0)
    websocket = server.connect()
    await websocket.send({"type": "websocket.send", "text": PAGE})
    await asyncio.sleep(0)
    websocket.check(0)
    assert server.unread == 0
    await cut_by(websocket, "stalled")


async def test_a_client_that_connects_and_says_nothing_is_cut(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS_TO_ENTER", -1.0)
    websocket = server.connect()
    websocket.check(0)
    await cut_by(websocket, "silent")


async def test_half_a_character_goes_out_as_a_sign(server: Server) -> None:
    server.reads.set()
    websocket = server.connect()
    await websocket.send({"type": "websocket.send", "text": "a\ud83db"})
    await websocket.send({"type": "websocket.close"})
    assert server.sent[0]["text"] == "a\ufffdb"


async def test_a_client_that_sends_too_fast_waits(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BURST", 10.0)
    monkeypatch.setattr(module, "PER_SECOND", 0.001)
    websocket = server.connect()
    for _ in range(11):
        server.says.put_nowait({"type": "websocket.receive", "text": "3"})
    for _ in range(10):
        await websocket.receive()
    late = asyncio.ensure_future(websocket.receive())
    await asyncio.sleep(0.05)
    assert not late.done()
    late.cancel()
