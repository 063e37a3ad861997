"""Files that are slow, many or broken off cost little, and a refused one hears why."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Scope

from harness.accounts import acting
from harness.actors import over_rest
from tests.services.desk import attached, opened
from ticket_app.api.app import make_api
from ticket_app.api.limits import transfers
from ticket_app.api.limits.transfers import Transfers, UploadBody
from ticket_app.api.tickets import attachments
from ticket_app.errors import BusyError
from ticket_app.services.conversation.attachments.reading import find_file
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio

FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


@pytest.fixture
def anyio_backend() -> str:
    """The desk runs on asyncio."""
    return "asyncio"


def body_of(*messages: Message, headers: dict[str, str] | None = None) -> UploadBody:
    """Returns the body of a client that sends these messages, and then nothing."""
    waiting: asyncio.Queue[Message] = asyncio.Queue()
    for each in messages:
        waiting.put_nowait(each)
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return UploadBody(Request({"type": "http", "headers": raw}, waiting.get))


def part(content: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": content, "more_body": more}


async def all_of(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([each async for each in parts])


async def test_a_silent_and_a_slow_client_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "SILENT_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        await all_of(body_of(part(b"Hel")).parts(1))
    monkeypatch.setattr(transfers, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(transfers, "SLOWEST", 2**62)
    with pytest.raises(TimeoutError):
        await all_of(body_of(part(b"Hel")).parts(1))


async def test_what_a_refused_client_still_sends_is_read_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transfers, "DRAINED_MAX", 3)
    monkeypatch.setattr(transfers, "DRAINING_SECONDS", 0.05)
    ended = body_of(part(b"x"), part(b"y", more=False))
    await ended.drain()
    assert await all_of(ended.parts(9)) == b""
    long = body_of(part(b"long"), part(b"er", more=False))
    await long.drain()
    assert await all_of(long.parts(9)) == b"er"
    asking = body_of(part(b"x", more=False), headers={"expect": "100-continue"})
    await asking.drain()
    assert await all_of(asking.parts(9)) == b"x"
    await body_of(part(b"x")).drain()
    await body_of({"type": "http.disconnect"}).drain()


def test_one_sender_has_few_at_once_and_all_have_not_many() -> None:
    now = Transfers(3, 2)
    ana, bea, cay = (acting(each, Role.AGENT) for each in (1, 2, 3))
    with now.one_of(ana), now.one_of(ana):
        with pytest.raises(BusyError), now.one_of(ana):
            pass
        with now.one_of(bea), pytest.raises(BusyError), now.one_of(cay):
            pass
        with now.one_of(cay):
            pass
    with now.one_of(ana):
        pass


async def test_who_does_not_take_a_file_is_cut_off_and_who_asks_for_too_many_waits(
    sqlite_database: str, attachments_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = opened().id
    address = attached(ticket, b"x" * 200_000).url
    stuck, statuses = asyncio.Event(), list[int]()

    async def nothing_more() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def take_nothing(message: Message) -> None:
        if message["type"] == "http.response.body":
            stuck.set()
            await asyncio.Event().wait()

    async def note(message: Message) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    api = make_api()
    monkeypatch.setattr(attachments, "downloads", Transfers(9, 1))
    monkeypatch.setattr(transfers, "SILENT_SECONDS", 1.0)
    slow = asyncio.create_task(api(scope_of("GET", address), nothing_more, take_nothing))
    await stuck.wait()
    await api(scope_of("GET", address), nothing_more, note)
    await slow
    await api(scope_of("GET", address), nothing_more, note)
    assert statuses == [503, 200]


def scope_of(method: str, path: str) -> Scope:
    return {
        "type": "http", "method": method, "path": path,
        "raw_path": b"", "query_string": b"", "http_version": "1.1", "scheme": "http",
        "headers": [(b"content-type", b"multipart/form-data; boundary=b"), (b"host", b"x")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "asgi": {"version": "3.0"},
    }  # fmt: skip


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("last", "statuses"), [("http.disconnect", [200]), ("end", [201])])
async def test_an_upload_that_is_broken_off_leaves_nothing(
    sqlite_database: str, attachments_folder: Path, last: str, statuses: list[int]
) -> None:
    ticket, answers = opened().id, list[int]()
    end = part(b"\r\n--b--\r\n", more=False) if last == "end" else {"type": last}
    waiting = [part(FORM), part(b"x" * 300_000), part(b"y" * 300_000), end]

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        answers.extend([message["status"]] if message["type"] == "http.response.start" else [])

    path = f"/api/tickets/{ticket}/attachments/"
    await make_api()(scope_of("POST", path), receive, send)
    assert answers == statuses
    found = files_in(attachments_folder)
    if last == "end":
        assert found == [find_file(over_rest(), ticket, 1).path]
    else:
        assert found == []


async def test_a_client_that_leaves_is_told_apart() -> None:
    with pytest.raises(ClientDisconnect):
        await all_of(body_of(part(b"x"), {"type": "http.disconnect"}).parts(9))
