"""An anonymous client attacks over real sockets; other clients are still served."""

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from uuid import uuid4

import pytest

from tests.browser.conftest import Desk
from tests.intruder import BINARY, CONTINUATION, TEXT, Refused, Websocket, connect, websocket
from tests.serving import RunningDesk
from ticket_app.api.gateway.app import ADDRESS_LONGEST
from ticket_app.api.limits.bodies import INCOMPLETE_MAX
from ticket_app.api.limits.websocket_connection import UNFINISHED_MAX
from ticket_app.api.limits.websockets import SOCKETS_OF_ONE_CLIENT
from ticket_app.state.tickets.queue import ROWS_MAX

QUEUE = "ticket_app___state___tickets___queue____queue"
MANY_CONNECTIONS = 1_500
PAGES_BEFORE = 60
MEGABYTE = b"x" * 1_000_000
ATTACKED = ("{", 'x["event"', '["connect",{}]', '["disconnect"]')
SLOW_BODY = (
    b"POST /api/tickets/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)


@pytest.fixture
def intruder(desk: Desk) -> Iterator[Websocket]:
    """A websocket that has connected to the events, as an anonymous page does."""
    with websocket(desk.url, uuid4().hex) as one:
        yield one.enter()


@contextmanager
def many_files(number: int) -> Iterator[None]:
    """Raises this process's limit of open files to this number, as far as the machine allows."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], number), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def is_served(desk: Desk) -> bool:
    """Returns True if another client can create a ticket, and health answers 200."""
    return bool(desk.file()) and desk.rest.get("/api/health/").status_code == 200


def send_without_end(intruder: Websocket) -> None:
    """Continue a message far beyond the largest allowed size."""
    for _ in range(16 * UNFINISHED_MAX // len(MEGABYTE)):
        intruder.frame(CONTINUATION, MEGABYTE, last=False)


def test_a_message_without_an_end_is_cut(desk: Desk, intruder: Websocket) -> None:
    intruder.frame(TEXT, b"42", last=False)
    with suppress(OSError):  # the desk may close it while it sends
        send_without_end(intruder)
    intruder.until_closed()
    assert is_served(desk)


def test_who_does_not_read_holds_nobody_up(desk: Desk) -> None:
    for _ in range(60):
        desk.file(description="word " * 200)
    with websocket(desk.url, uuid4().hex, receive_buffer=4_096) as intruder:
        intruder.enter().event("hydrate_and_load")
        for _ in range(2_000):
            intruder.event(f"{QUEUE}.load_more", {"shown": ROWS_MAX})
            intruder.event("hydrate")
        until = time.monotonic() + 8
        while time.monotonic() < until:
            assert desk.rest.get("/api/health/", timeout=5).status_code == 200
            time.sleep(0.1)


@pytest.mark.parametrize(
    "text",
    [
        *(f"42/_event,{message}" for message in ATTACKED),
        *("40/_event,", "40", "2probe", "5", "451-/_event,[]", "42/other,[]", "", "x"),
    ],
)
def test_a_message_that_no_page_sends_ends_the_connection(
    desk: Desk, intruder: Websocket, text: str
) -> None:
    intruder.send(text)
    intruder.until_closed()
    assert is_served(desk)


def test_a_binary_message_ends_the_connection(intruder: Websocket) -> None:
    intruder.frame(BINARY, b"42/_event,[]")
    intruder.until_closed()


def test_an_unknown_event_writes_one_short_line(desk: Desk, served: RunningDesk) -> None:
    before = len(served.printed)
    with websocket(desk.url, uuid4().hex, headers={"Cookie": "session=of-ana"}) as intruder:
        intruder.enter()
        intruder.event("nothing\n2026-01-01 INFO desk: forged", {"text": "x" * 100_000})
        intruder.event("hydrate")
        assert "of-ana" not in intruder.until("is_hydrated")
    said = served.printed[before:]
    # The desk may still be at the events of an earlier test, and log their failures meanwhile.
    (line,) = [each for each in said.splitlines() if "nothing\\n2026-01-01" in each]
    assert "forged'" in line
    assert len(line) < 1_000
    assert "x" * 1_000 not in said
    assert "of-ana" not in said


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        (f"{QUEUE}.seek", {"text": "half \ud83d"}),
        ("ticket_app___state___notices____notice.tell", {"text": "half \ude00"}),
        ("ticket_app___state___form___form____form.submit", {"data": {"title": "\ud83d"}}),
    ],
)
def test_half_a_character_does_not_end_the_page(
    intruder: Websocket, event: str, payload: dict[str, object]
) -> None:
    intruder.event(event, payload)
    intruder.event("hydrate")
    intruder.until("is_hydrated")


def test_a_long_address_is_not_taken_apart(desk: Desk, intruder: Websocket) -> None:
    address = "/?" + "&".join(f"status={number}" for number in range(60_000))
    intruder.event("hydrate_and_load", at=address)
    intruder.event("hydrate")
    intruder.until("is_hydrated")
    for path in ("/", "/api/tickets/"):
        answer = desk.rest.get(path, params={"search": "x" * ADDRESS_LONGEST})
        assert answer.status_code == 414
        assert answer.json()["code"] == "address_too_long"


def test_a_client_has_so_many_websockets_and_no_more(desk: Desk) -> None:
    with many_files(2 * MANY_CONNECTIONS), ExitStack() as open_ones:
        number = opened_until_refused(desk, open_ones)
        # Pages of earlier tests count for the same client, and may still be open.
        assert SOCKETS_OF_ONE_CLIENT - PAGES_BEFORE <= number <= SOCKETS_OF_ONE_CLIENT
        assert is_served(desk)


def opened_until_refused(desk: Desk, open_ones: ExitStack) -> int:
    """Opens one more than a client may have, many at a time: those that say nothing are ended after
    a while, and then count no more. Returns how many were not refused."""

    def opened(_: int) -> Websocket | None:
        try:
            return Websocket(desk.url, uuid4().hex)
        except Refused as refused:
            if "403" not in str(refused):
                raise
            return None

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(opened, range(SOCKETS_OF_ONE_CLIENT + 1)))
    for each in filter(None, found):
        open_ones.enter_context(closing(each))
    assert None in found, "nobody was refused"
    return len([each for each in found if each])


def test_connections_that_say_nothing_keep_nobody_out(desk: Desk) -> None:
    with many_files(2 * MANY_CONNECTIONS), ExitStack() as open_ones:
        for _ in range(MANY_CONNECTIONS):
            open_ones.enter_context(closing(connect(desk.url)))
        assert is_served(desk)


def test_bodies_that_do_not_come_keep_nobody_out(desk: Desk) -> None:
    with many_files(2 * MANY_CONNECTIONS), ExitStack() as open_ones:
        slow = [
            open_ones.enter_context(closing(connect(desk.url))) for _ in range(INCOMPLETE_MAX + 50)
        ]
        for each in slow:
            each.sendall(SLOW_BODY)
        assert is_served(desk)
        assert slow[0].recv(100).startswith(b"HTTP/1.1 408 ")
