"""The server links old tickets to their requesters by itself."""

import asyncio
from collections.abc import Callable
from threading import Event
from time import monotonic, sleep

import pytest

from harness.accounts import account, administrator
from tests.services.desk import changed, opened
from tests.services.erasing.test_erasing import erase
from tests.services.tickets.test_requesters import OF_ADDRESS, old_tickets, rows
from ticket_app.actor import Actor, by_command
from ticket_app.bus import MISSED, Bus, Change, News, bus
from ticket_app.live import housekeeping
from ticket_app.services.erasing import news
from ticket_app.services.erasing import requesters as erasing
from ticket_app.services.people.accounts import rights
from ticket_app.services.tickets import requesters
from ticket_app.services.tickets.assigning import handing_on
from ticket_app.vocabulary import EventKind, Role

SECONDS = 30
EVE = "eve@example.com"


def wait_until_linked() -> None:
    """Return once every ticket with an address has its person; fails after SECONDS."""
    deadline = monotonic() + SECONDS
    while rows(OF_ADDRESS) != [(0,)]:
        assert monotonic() < deadline
        sleep(0.05)


@pytest.mark.usefixtures("database")
def test_old_tickets_are_linked_while_the_server_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "LINKS_SECONDS", 0.1)
    monkeypatch.setattr(housekeeping, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(requesters, "LINKED_AT_ONCE", 3)
    old_tickets(20)

    async def serve() -> None:
        async with housekeeping.linking_requesters():
            await asyncio.to_thread(wait_until_linked)
            await asyncio.to_thread(old_tickets, 20)  # by a server of the version before
            await asyncio.to_thread(wait_until_linked)

    asyncio.run(serve())
    assert rows("SELECT count(requester_id) FROM ticket") == [(32,)]


@pytest.mark.usefixtures("sqlite_database")
def test_tickets_of_whoever_left_are_handed_on_while_the_server_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(housekeeping, "HANDOVERS_SECONDS", 0.05)
    monkeypatch.setattr(housekeeping, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(handing_on, "AT_ONCE", 2)
    administrator()
    bea = account("bea@example.com", Role.AGENT)
    for _ in range(5):
        changed(opened().id, by_command(), assignee_id=bea)

    def leave() -> None:
        rights.set_active(by_command(), bea, False)
        deadline = monotonic() + SECONDS
        while rows("SELECT count(assignee_id) FROM ticket") != [(0,)]:
            assert monotonic() < deadline
            sleep(0.02)

    async def serve() -> None:
        async with housekeeping.handing_on_tickets():
            await asyncio.to_thread(leave)

    asyncio.run(serve())


@pytest.mark.usefixtures("database")
def test_open_pages_learn_what_a_command_has_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is a process of its own, of which this one's bus hears nothing."""
    monkeypatch.setattr(housekeeping, "ERASINGS_SECONDS", 0.1)
    monkeypatch.setattr(news, "TOLD_AT_ONCE", 3)
    begun = Event()

    def last_erasing(actor: Actor) -> int:
        last = news.last_erasing(actor)
        begun.set()
        return last

    monkeypatch.setattr(housekeeping, "last_erasing", last_erasing)
    before = opened(requester_email=EVE).id
    erase(EVE)
    two = [opened(requester_email=EVE).id for _ in range(2)]

    async def heard(count: int, do: Callable[[], object]) -> list[Change]:
        with bus.subscribe(20) as queue:
            await asyncio.to_thread(do)
            async with asyncio.timeout(SECONDS):
                return [await queue.get() for _ in range(count)]

    async def serve() -> tuple[list[Change], list[Change]]:
        relayed: list[News] = []
        async with bus.running(), housekeeping.telling_of_erasings():
            await asyncio.to_thread(begun.wait, SECONDS)
            with bus.relayed_by(relayed.append):
                few = await heard(2, lambda: in_another_process(EVE))
                await asyncio.to_thread(lambda: [opened(requester_email=EVE) for _ in range(4)])
                many = await heard(1, lambda: in_another_process(EVE))
            told = {each.kind for each in relayed if isinstance(each, Change)}
            assert told == {EventKind.CREATED}  # each process finds out by itself
        return few, many

    few, many = asyncio.run(serve())
    assert few == [Change(each, EventKind.ERASED) for each in two]
    assert before not in two and many == [MISSED]


def in_another_process(who: str) -> None:
    """Erase a requester as a command does, of which no bus of this process hears."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasing, "bus", Bus())
        erase(who)
