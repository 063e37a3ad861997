"""While another program holds SQLite's lock, only writers wait."""

import asyncio
import sqlite3
from time import monotonic

import httpx2
import pytest
from sqlalchemy.engine import make_url

from tests.services.desk import PLAIN
from ticket_app.api.app import make_api
from ticket_app.data import bounds
from ticket_app.data.engine import use_database

WAIT_SECONDS = 3
PAUSE_SECONDS = 0.02


def test_the_event_loop_goes_on(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BUSY_TIMEOUT_SECONDS", WAIT_SECONDS)
    use_database(sqlite_database)
    other = sqlite3.connect(str(make_url(sqlite_database).database), isolation_level=None)

    async def longest_pause(until: "asyncio.Future[list[httpx2.Response]]") -> float:
        longest = 0.0
        while not until.done():
            began = monotonic()
            await asyncio.sleep(PAUSE_SECONDS)
            longest = max(longest, monotonic() - began)
        return longest

    async def scene() -> None:
        transport = httpx2.ASGITransport(make_api())
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            ticket = (await client.post("/api/tickets/", json=PLAIN, timeout=60)).json()
            other.execute("BEGIN IMMEDIATE")
            address = f"/api/tickets/{ticket['id']}/"
            later = [
                client.patch(address, json={"status": "closed"}, timeout=60),
                client.post("/api/tickets/", json=PLAIN, timeout=60),
                client.patch(address, json={"title": "Other"}, timeout=60),
                client.delete(address, timeout=60),
                client.patch(address, json={"status": "closed"}, timeout=60),
            ]

            async def sent(number: int) -> httpx2.Response:
                await asyncio.sleep(number * WAIT_SECONDS / 3)  # one waits, one is refused
                return await later[number]

            writes = asyncio.gather(*map(sent, range(len(later))))
            pause = await longest_pause(writes)
            answers = await writes
            assert {answer.status_code for answer in answers} == {503}
            assert pause < WAIT_SECONDS / 2  # a blocked event loop pauses for all of it
            assert "Another program" in answers[-1].json()["detail"]
            other.execute("ROLLBACK")
            assert (await client.patch(address, json={"status": "closed"})).status_code == 200

    asyncio.run(scene())
    other.close()
