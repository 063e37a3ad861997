"""Tests in a real Chromium, against the desk as `make run` serves it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from sqlalchemy import text

from tests.conftest import leave_out
from tests.serving import RunningDesk, running_desk
from ticket_app.data.engine import use_database, writing

HERE = Path(__file__).parent
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECONDS = 10

Size = dict[str, Any]
DESKTOP: Size = {"viewport": {"width": 1440, "height": 900}}
PHONE: Size = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

expect.set_options(timeout=SECONDS * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these last: Playwright leaves a running event loop, and other tests start their own."""
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        leave_out("Chromium", "apt-get install chromium")
    playwright: Playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database of `served`."""
    return f"sqlite:///{tmp_path_factory.mktemp('desk') / 'desk.sqlite3'}"


@pytest.fixture(scope="session")
def served(
    chromium: Browser, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDesk]:
    """One desk for every test that does not stop it; the pages are compiled where needed."""
    assert chromium is not None  # without a browser nothing needs to be compiled
    with running_desk(tmp_path_factory.mktemp("served"), DATABASE_URL=database_url) as desk:
        yield desk


@dataclass
class Desk:
    """A desk without any ticket: its address, and a script that uses it over REST."""

    url: str
    rest: httpx.Client

    def file(self, **fields: Any) -> dict[str, Any]:
        """File a ticket over REST."""
        plain = {"title": "Wallpaper", "description": "The wallpaper of the start page is blue."}
        answer = self.rest.post("/api/tickets/", json=plain | fields)
        answer.raise_for_status()
        ticket: dict[str, Any] = answer.json()
        return ticket

    def change(self, ticket_id: int, **fields: Any) -> None:
        """Change a ticket over REST."""
        self.rest.patch(f"/api/tickets/{ticket_id}/", json=fields).raise_for_status()

    def get(self, ticket_id: int) -> dict[str, Any]:
        """One ticket, over REST."""
        ticket: dict[str, Any] = self.rest.get(f"/api/tickets/{ticket_id}/").json()
        return ticket

    def tickets(self, **query: Any) -> list[dict[str, Any]]:
        """The newest tickets, over REST."""
        found: list[dict[str, Any]] = self.rest.get("/api/tickets/", params=query).json()
        return found

    def stats(self) -> dict[str, Any]:
        """The figures, over REST."""
        figures: dict[str, Any] = self.rest.get("/api/tickets/stats/").json()
        return figures


@pytest.fixture
def desk(served: RunningDesk, database_url: str) -> Iterator[Desk]:
    """A desk without any ticket. Its database is also in use by this process, for much data."""
    use_database(database_url)
    with httpx.Client(base_url=served.url, timeout=SECONDS) as rest:
        yield Desk(served.url, rest)
    with writing() as session:
        session.execute(text("UPDATE ticket SET deleted_at = created_at WHERE deleted_at IS NULL"))
    use_database(None)


OWNED_TEXTS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), owned = [];
  while (walker.nextNode())
    if (Object.keys(walker.currentNode).some(key => key.startsWith('__reactFiber')))
      owned.push(walker.currentNode.data);
  return owned;
}"""


def owned(page: Page) -> list[str]:
    """The text nodes that React keeps, and would change or take away though a translator has put
    others in their place: see ticket_app/components/words.py."""
    texts: list[str] = page.evaluate(OWNED_TEXTS)
    return texts


class Chrome:
    """Opens pages of a size. What any of them complains about is kept, and ends the test."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.complaints: list[str] = []
        self._browser, self._address = browser, address
        self._contexts: list[Any] = []

    def page(self, path: str = "/", size: Size = DESKTOP, **options: Any) -> Page:
        """A window of its own (no cookie and no storage shared), with this path loaded."""
        context = self._browser.new_context(base_url=self._address, **(size | options))
        context.set_default_timeout(SECONDS * 1000)
        self._contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.on(
            "console",
            lambda said: (
                self.complaints.append(f"{path}: {said.text}")
                if said.type in ("error", "warning")
                else None
            ),
        )
        page.goto(path)
        return page

    def close(self) -> None:
        """Close every page, after a look at whether a translator could break it."""
        for context in self._contexts:
            for page in context.pages:
                if "/api/" not in page.url:  # whose pages are not ours
                    self.complaints += [
                        f"{page.url}: {text!r} is not alone" for text in owned(page)
                    ]
            context.close()


@pytest.fixture
def chrome(chromium: Browser, desk: Desk) -> Iterator[Chrome]:
    """A browser on the desk; a complaint in any console (a blocked script, too) fails the test."""
    chrome = Chrome(chromium, desk.url)
    yield chrome
    chrome.close()
    assert chrome.complaints == []


@pytest.fixture(params=["1440x900", "390x844"])
def size(request: pytest.FixtureRequest) -> Size:
    """A desk and a phone."""
    return DESKTOP if request.param == "1440x900" else PHONE
