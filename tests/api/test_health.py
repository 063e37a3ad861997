"""Health is answered in time, whatever all other requests wait for."""

import asyncio
from threading import Event

import httpx2
import pytest

from harness.actors import over_rest
from ticket_app.actor import Actor
from ticket_app.api.app import make_api
from ticket_app.data import engine
from ticket_app.services import health
from ticket_app.services.threads import run

OTHERS = 12
SECONDS = 30


async def get_health() -> httpx2.Response:
    transport = httpx2.ASGITransport(make_api())
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get("/api/health/")


@pytest.mark.usefixtures("database")
def test_health_is_answered_while_every_page_waits() -> None:
    release = Event()

    def held(_: Actor) -> None:
        release.wait(SECONDS)

    async def scene() -> None:
        pages = [asyncio.create_task(run(over_rest(), held)) for _ in range(OTHERS)]
        await asyncio.sleep(0.05)
        answer = await get_health()
        assert not release.is_set()
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        assert not any(page.done() for page in pages)
        release.set()
        await asyncio.gather(*pages)

    asyncio.run(scene())


@pytest.mark.usefixtures("database")
def test_health_needs_none_of_the_shared_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = [engine.get_engine().raw_connection() for _ in range(20)]
    assert asyncio.run(get_health()).status_code == 200
    for connection in taken:
        connection.close()


@pytest.mark.usefixtures("database")
def test_a_look_that_does_not_end_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    release = Event()
    ended: list[bool] = []

    def look() -> None:
        ended.append(release.wait(SECONDS))

    monkeypatch.setattr(health, "find_problem", look)

    async def scene() -> None:
        answers = await asyncio.gather(*(get_health() for _ in range(3)))
        assert ended == []
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["database"]["state"] for answer in answers} == {"unavailable"}
        release.set()

    asyncio.run(scene())
