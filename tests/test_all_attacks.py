"""All attacks on memory at once: the process stays bounded, and other clients are served."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.intruder import CONTINUATION, TEXT, Refused, Websocket, websocket
from tests.serving import RunningDesk, running_desk
from tests.worker_processes import workers
from ticket_app.state.tickets.queue import ROWS_MAX

ROUNDS = 3
SECONDS_OF_AN_ATTACK = 8.0
SECONDS_TO_SETTLE = 15.0
LARGEST_GROWTH, LARGEST_REST = 250, 150
"""MiB. Unread bytes may take 64, unfinished messages 32; the rest is what arrives between
checks."""
QUEUE = "ticket_app___state___tickets___queue____queue"
MEGABYTE = b"x" * 1_000_000
FORGED = "x" * 900_000


def for_a_while() -> Iterator[None]:
    """Yields until the time of one attack is over."""
    until = time.monotonic() + SECONDS_OF_AN_ATTACK
    while time.monotonic() < until:
        yield


def never_reads(url: str) -> None:
    """Request the largest page in a loop, and read nothing."""
    with websocket(url, uuid4().hex, receive_buffer=4_096) as intruder:
        intruder.enter().event("hydrate_and_load")
        for _ in for_a_while():
            intruder.event(f"{QUEUE}.load_more", {"shown": ROWS_MAX})
            intruder.event("hydrate")


def makes_up_filters(url: str) -> None:
    """Toggle filters with values that do not exist."""
    with websocket(url, uuid4().hex) as intruder:
        intruder.enter()
        for _ in for_a_while():
            intruder.event(f"{QUEUE}.narrow", {"facet": "status", "value": FORGED, "chosen": True})


def never_ends(url: str) -> None:
    """Send fragments of a message without a last one."""
    with websocket(url, uuid4().hex) as intruder:
        intruder.enter().frame(TEXT, b"42", last=False)
        for _ in for_a_while():
            intruder.frame(CONTINUATION, MEGABYTE, last=False)


def comes_and_goes(url: str) -> None:
    """Connect and leave in a loop, which leaves a state behind each time."""
    for _ in range(100):
        with websocket(url, uuid4().hex) as intruder:
            intruder.enter().event("hydrate_and_load")
            intruder.until("matching")


def asks_for_nothing_known(url: str) -> None:
    """Send unknown events, which fill the log."""
    with websocket(url, uuid4().hex) as intruder:
        intruder.enter()
        for _ in for_a_while():
            intruder.event(f"nothing\n{FORGED[:100_000]}")


def many_at_once(url: str) -> None:
    """Open as many websockets as the desk allows."""
    with ExitStack() as open_ones:
        for _ in for_a_while():
            page: Websocket = open_ones.enter_context(websocket(url, uuid4().hex))
            page.enter().event("hydrate_and_load")


ATTACKS: list[Callable[[str], None]] = [
    *(never_reads, makes_up_filters, comes_and_goes, asks_for_nothing_known, many_at_once),
    *[never_ends] * 8,
]


def go_on(attack: Callable[[str], None], url: str) -> None:
    """Repeat an attack for its time; after a disconnection it connects again."""
    for _ in for_a_while():
        with suppress(OSError, Refused, AssertionError):  # it was disconnected or refused
            attack(url)


def size(desk: RunningDesk) -> int:
    """Returns the resident memory of the worker in MiB."""
    (worker,) = workers(desk)
    status = Path(f"/proc/{worker}/status").read_text(encoding="ascii").splitlines()
    (held,) = (line for line in status if line.startswith("VmRSS:"))
    return int(held.split()[1]) // 1024


@pytest.mark.prove
def test_all_attacks_together_take_little_memory_and_give_it_back(tmp_path: Path) -> None:
    with running_desk(tmp_path) as desk, httpx2.Client(base_url=desk.url, timeout=10) as rest:
        plain = {"title": "T" * 150, "description": "word " * 200}
        for _ in range(200):
            rest.post("/api/tickets/", json=plain).raise_for_status()
        before = largest = size(desk)
        for _ in range(ROUNDS):
            with ThreadPoolExecutor(len(ATTACKS)) as attackers:
                under_way = [attackers.submit(go_on, attack, desk.url) for attack in ATTACKS]
                while not all(each.done() for each in under_way):
                    assert rest.post("/api/tickets/", json=plain).status_code == 201
                    assert rest.get("/api/health/").status_code == 200
                    largest = max(largest, size(desk))
        time.sleep(SECONDS_TO_SETTLE)
        after, said = size(desk), len(desk.printed)
    found = f"{before} MiB before, {largest} at most, {after} afterwards; a log of {said} bytes"
    print(found)  # the figures for `make prove`
    assert largest < before + LARGEST_GROWTH, found
    assert after < before + LARGEST_REST, found
    assert said < 1_000_000, found
