"""A websocket's bounds: what it holds for a client, what a client may say, and how fast."""

import asyncio

import pytest
from starlette.types import Message

from ticket_app.api import line as module
from ticket_app.api.allowance import Allowance
from ticket_app.api.line import UNREAD_MAX, Line

pytestmark = pytest.mark.anyio

PAGE = "42/_event," + '["event",{"delta":{}}]' + "x" * 100_000


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


class Server:
    """The server's end: a client that reads when it is told to, and says what it is given."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.reads = asyncio.Event()
        self.says: asyncio.Queue[Message] = asyncio.Queue()
        self.unread = 0

    async def send(self, message: Message) -> None:
        """Send, as soon as the client reads."""
        await self.reads.wait()
        self.sent.append(message)

    def line(self) -> Line:
        """A line to this client."""
        return Line("ana", self.says.get, self.send, allowance=Allowance(1e6, 1e6), grown=self.grow)

    def grow(self, size: int) -> None:
        """Count what the line holds."""
        self.unread += size


@pytest.fixture
async def server() -> Server:
    """A server in this test's event loop."""
    return Server()


async def cut_by(line: Line, what: object) -> None:
    """Wait for the cancellation by which a line without a connection ends."""
    assert asyncio.current_task() is line._task
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(10)
    asyncio.current_task().uncancel()  # type: ignore[union-attr]  # there is one: this test


async def test_a_client_that_never_reads_holds_so_much_and_no_more(server: Server) -> None:
    line = server.line()
    largest = 0
    for _ in range(2 * UNREAD_MAX // len(PAGE)):
        await line.send({"type": "websocket.send", "text": PAGE})
        largest = max(largest, server.unread)
    assert UNREAD_MAX - len(PAGE) < largest <= UNREAD_MAX + len(PAGE)
    assert server.unread == line.unread == 0
    await cut_by(line, "unread")


async def test_a_client_that_reads_gets_everything_in_order(server: Server) -> None:
    line = server.line()
    texts = [str(number) for number in range(100)]
    for text in texts:
        await line.send({"type": "websocket.send", "text": text})
    server.reads.set()
    await line.send({"type": "websocket.close"})
    assert [each.get("text") for each in server.sent] == [*texts, None]
    assert server.unread == 0
    await line.send({"type": "websocket.send", "text": "a", "bytes": None})


async def test_a_client_that_stops_reading_is_cut_after_a_while(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS_WITHOUT_PROGRESS", -1.0)
    line = server.line()
    await line.send({"type": "websocket.send", "text": PAGE})
    await asyncio.sleep(0)
    line.look(0)
    assert server.unread == 0
    await cut_by(line, "stalled")


async def test_a_client_that_connects_and_says_nothing_is_cut(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS_TO_ENTER", -1.0)
    line = server.line()
    line.look(0)
    await cut_by(line, "silent")


async def test_half_a_character_goes_out_as_a_sign(server: Server) -> None:
    server.reads.set()
    line = server.line()
    await line.send({"type": "websocket.send", "text": "a\ud83db"})
    await line.send({"type": "websocket.close"})
    assert server.sent[0]["text"] == "a\ufffdb"


async def test_who_says_too_much_waits(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 10.0)
    monkeypatch.setattr(module, "PER_SECOND", 0.001)
    line = server.line()
    for _ in range(11):
        server.says.put_nowait({"type": "websocket.receive", "text": "3"})
    for _ in range(10):
        await line.receive()
    late = asyncio.ensure_future(line.receive())
    await asyncio.sleep(0.05)
    assert not late.done()
    late.cancel()
