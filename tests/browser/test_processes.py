"""Pages of a desk with several processes see every change, and outlive their own process."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, SECONDS
from tests.browser.locators import category, description, figure, form, priority, row, rows, title
from tests.browser.proxy import proxy_to
from tests.redis_server import RedisServer
from tests.serving import RunningDesk, running_desk, running_desks
from tests.worker_processes import kill_worker, wait_for_successors, workers

LOST = "Connection lost"
HERE = "Also open in another window"
CHARGED = "My card was charged twice for invoice 4711."


@pytest.fixture
def settings(postgres_database: str, redis: RedisServer) -> dict[str, str]:
    """The settings that all processes of one desk share."""
    return {"DATABASE_URL": postgres_database, "REDIS_URL": redis.url}


@pytest.fixture
def pair(settings: dict[str, str], tmp_path: Path) -> Iterator[tuple[RunningDesk, RunningDesk]]:
    """Two servers of the same desk."""
    with running_desks(tmp_path, settings, settings) as (one, other):
        yield one, other


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """Yields a window with the desk loaded from this address."""
    context = browser.new_context(**DESKTOP)
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_text(LOST)).to_be_hidden()
    expect(figure(page, "All tickets")).not_to_have_text("–")  # the server's first answer is shown
    yield page
    context.close()


def filed(desk: RunningDesk, name: str) -> int:
    """Creates a ticket over REST; returns its id."""
    ticket = {"title": name, "description": "The wallpaper of the start page is blue."}
    answer = httpx.post(f"{desk.url}/api/tickets/", json=ticket, timeout=SECONDS)
    answer.raise_for_status()
    number: int = answer.json()["id"]
    return number


def health(desk: RunningDesk) -> dict[str, Any]:
    """Returns the desk's answer about its health."""
    body: dict[str, Any] = httpx.get(f"{desk.url}/api/health/", timeout=SECONDS).json()
    return body


def write_half_a_ticket(page: Page, redis: RedisServer) -> None:
    """Type a ticket and choose its priority, without filing it; returns once it is in Redis."""
    description(page).fill(CHARGED)
    expect(category(page)).to_have_value("billing")
    title(page).fill("Charged twice")
    priority(page).select_option("critical")
    description(page).focus()  # leaving the title's field sends it to the server
    expect(form(page).get_by_text("Suggested", exact=True)).to_have_count(1)
    redis.wait_for(b"Charged twice", CHARGED.encode(), b"critical", b"billing")


def expect_half_a_ticket(page: Page) -> None:
    """Expect everything that was typed and chosen."""
    expect(title(page)).to_have_value("Charged twice")
    expect(description(page)).to_have_value(CHARGED)
    expect(priority(page)).to_have_value("critical")
    expect(category(page)).to_have_value("billing")
    expect(form(page).get_by_text("Suggested", exact=True)).to_have_count(1)


def test_a_page_whose_server_is_killed_goes_on_at_the_other(
    chromium: Browser, pair: tuple[RunningDesk, RunningDesk], redis: RedisServer
) -> None:
    one, other = pair
    with proxy_to(one.url) as proxy, opened(chromium, f"{proxy.url}/?priority=critical") as page:
        write_half_a_ticket(page, redis)
        for worker in workers(one):
            kill_worker(worker)
        proxy.to = ("127.0.0.1", int(other.url.rpartition(":")[2]))
        proxy.cut()
        expect(page.get_by_text(LOST)).to_be_visible()
        proxy.restore()
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=60_000)
        expect_half_a_ticket(page)
        page.reload()  # everything is rendered from the server's state again
        expect_half_a_ticket(page)
        page.get_by_role("button", name="File ticket").click()
        expect(rows(page)).to_have_count(1)
        expect(rows(page).first).to_contain_text("Charged twice")
        expect(rows(page).first).to_contain_text("Critical")


def test_a_page_outlives_every_worker(
    chromium: Browser, settings: dict[str, str], tmp_path: Path, redis: RedisServer
) -> None:
    with (
        running_desk(tmp_path, **settings, WORKERS="2") as desk,
        opened(chromium, desk.url) as page,
    ):
        write_half_a_ticket(page, redis)
        family = workers(desk)
        for worker in family:
            kill_worker(worker)
        expect(page.get_by_text(LOST)).to_be_visible()
        wait_for_successors(desk, family, 2)
        expect(page.get_by_text(LOST)).to_be_hidden(timeout=60_000)
        expect_half_a_ticket(page)
        number = filed(desk, "Filed since")
        expect(row(page, number)).to_be_visible()


def test_pages_show_what_is_filed_anywhere_and_what_they_missed_while_redis_was_away(
    chromium: Browser, pair: tuple[RunningDesk, RunningDesk], redis: RedisServer
) -> None:
    one, other = pair
    with ExitStack() as stack:
        here = stack.enter_context(opened(chromium, one.url))
        there = stack.enter_context(opened(chromium, other.url))
        for desk, pages in ((one, (there, here)), (other, (here, there))):
            number = filed(desk, f"Filed at {desk.url}")
            for page in pages:
                expect(row(page, number)).to_be_visible()
        for desk, page in ((one, here), (other, there)):
            page.goto(f"{desk.url}/t/1")
        expect(here.get_by_text(HERE)).to_be_visible()
        there.goto(other.url)
        expect(here.get_by_text(HERE)).to_have_count(0)
        here.goto(one.url)
        expect(figure(here, "Open")).to_have_text("2")
        expect(figure(there, "Open")).to_have_text("2")
        write_half_a_ticket(here, redis)
        redis.stop()
        here.get_by_role("button", name="File ticket").click()
        expect(rows(here)).to_have_count(3)
        assert (health(one)["ready"], health(one)["redis"]) == (True, {"state": "unavailable"})
        missed = filed(one, "Filed while Redis was away")
        expect(row(here, missed)).to_be_visible()
        new = stack.enter_context(opened(chromium, other.url))
        expect(row(new, missed)).to_be_visible()
        redis.start()
        expect(rows(there)).to_have_count(4, timeout=60_000)  # it reconnects every 5 s
        number = filed(one, "Filed since")
        expect(row(there, number)).to_be_visible()
        assert health(one)["redis"] == {"state": "ok"}


@pytest.mark.prove
def test_the_people_of_a_killed_server_go(
    chromium: Browser, pair: tuple[RunningDesk, RunningDesk]
) -> None:
    one, other = pair
    number = filed(one, "Watched")
    with opened(chromium, one.url) as here, opened(chromium, other.url) as there:
        for desk, page in ((one, here), (other, there)):
            page.goto(f"{desk.url}/t/{number}")
        expect(here.get_by_text(HERE)).to_be_visible()
        there.get_by_label("Reply to the requester").press_sequentially("Hello")
        expect(here.get_by_text("Somebody is writing there")).to_be_visible()
        os.killpg(other.process.pid, signal.SIGKILL)
        expect(here.get_by_text(HERE)).to_have_count(0)
