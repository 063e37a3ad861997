"""Tickets that wait for a provider survive the death of a server, and servers share them."""

import os
import signal
import time
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, text

from harness.fake_provider import FakeProvider, Script
from tests.serving import RunningDesk, running_desk, running_desks

SECONDS = 40


def settings(fake: FakeProvider, url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "AI_PROVIDER": "openai",
        "AI_BASE_URL": fake.base_url,
        "AI_BACKGROUND_SECONDS": "4",
        "AI_BACKLOG_PER_MINUTE": "6000",
    }


def file_tickets(desk: RunningDesk, count: int) -> None:
    with httpx2.Client() as client:
        for number in range(count):
            ticket = {"title": f"Wallpaper {number} of {count}", "description": "It is blue."}
            answer = client.post(f"{desk.url}/api/tickets/", json=ticket)
            assert (answer.status_code, answer.json()["triage_status"]) == (201, "pending")


def wait_for(url: str, done: int) -> None:
    """Wait until this many tickets have the provider's answer; fails after SECONDS."""
    engine = create_engine(url)
    until = time.monotonic() + SECONDS
    query = text("SELECT count(*) FROM ticket WHERE triage_status = 'done' AND engine = 'openai'")
    counted = 0
    while counted != done and time.monotonic() < until:
        with engine.connect() as connection:
            counted = connection.execute(query).scalar_one()
        time.sleep(0.1)
    engine.dispose()
    assert counted == done


@pytest.mark.rest_in_prove("bare_database")
def test_a_killed_desk_goes_on_with_what_waited(bare_database: str, tmp_path: Path) -> None:
    with FakeProvider(Script.HANG) as hanging, FakeProvider(Script.GOOD) as fake:
        with running_desk(tmp_path, **settings(hanging, bare_database)) as desk:
            file_tickets(desk, 12)
            os.killpg(desk.process.pid, signal.SIGKILL)
            desk.process.wait()
        with running_desk(tmp_path, **settings(fake, bare_database)):
            wait_for(bare_database, 12)
    assert len(fake.received) == 12


def test_two_desks_share_the_work_and_do_none_of_it_twice(
    postgres_database: str, tmp_path: Path
) -> None:
    # A call that takes longer is made once more, and rightly so. On a busy machine 4 s are few.
    patient = {"AI_BACKGROUND_SECONDS": "30"}
    with (
        FakeProvider(Script.GOOD, during_call=lambda: time.sleep(0.05)) as fake,
        running_desks(tmp_path, *[settings(fake, postgres_database) | patient] * 2) as (
            first,
            second,
        ),
    ):
        file_tickets(first, 30)
        file_tickets(second, 31)
        wait_for(postgres_database, 61)
    assert len(fake.received) == 61
