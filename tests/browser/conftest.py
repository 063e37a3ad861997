"""Fixtures for tests in a real Chromium, against the desk as `make run` serves it."""

import shutil
import ssl
from collections import Counter
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
from ticket_app.data.engine import use_database, write_transaction

HERE = Path(__file__).parent
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NOT_NEEDED = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades",
    "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints",
    "PaintHolding", "PreconnectToSearch", "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
)  # fmt: skip
"""Chromium's features that are off. The first two load pages for the address bar of each window,
which nobody sees: they took half of a test's time. The others are Playwright's own list, which this
one replaces."""
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    f"--disable-features={','.join(NOT_NEEDED)}",
)  # fmt: skip
SECONDS = 10
TLS = ssl.create_default_context()
"""Shared, because each client would read all certificates anew. The tests use none."""
LONG_FILES = (
    "test_dead_connection.py", "test_announcements.py", "test_filing.py", "test_card_moves.py",
    "test_processes.py", "test_restart.py",
)  # fmt: skip

Size = dict[str, Any]
DESKTOP: Size = {"viewport": {"width": 1440, "height": 900}}
PHONE: Size = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

expect.set_options(timeout=SECONDS * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these last: Playwright leaves an event loop running, and other tests start their own.

    A worker of the suite takes one file at a time, so the longest files come first: those with long
    tests, then those with most tests.
    """
    tests_of = Counter(item.path for item in items if HERE in item.path.parents)
    tests_of |= {HERE / name: len(items) - place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: (HERE in item.path.parents, -tests_of[item.path]))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium that is installed on this machine."""
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
    """The URL of the database of `served`."""
    return f"sqlite:///{tmp_path_factory.mktemp('desk') / 'desk.sqlite3'}"


@pytest.fixture(scope="session")
def served(
    chromium: Browser, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDesk]:
    """One running desk for all tests that do not stop it; it compiles the pages if necessary."""
    assert chromium is not None  # without a browser nothing needs to be compiled
    with running_desk(
        tmp_path_factory.mktemp("served"), DATABASE_URL=database_url, UNDO_SEND_SECONDS="2"
    ) as desk:
        yield desk


@dataclass
class Desk:
    """A desk without tickets: its URL, and a REST client."""

    url: str
    rest: httpx.Client

    def file(self, **fields: Any) -> dict[str, Any]:
        """Creates a ticket over REST; fields override the defaults."""
        plain = {"title": "Wallpaper", "description": "The wallpaper of the start page is blue."}
        answer = self.rest.post("/api/tickets/", json=plain | fields)
        answer.raise_for_status()
        ticket: dict[str, Any] = answer.json()
        return ticket

    def change(self, ticket_id: int, **fields: Any) -> None:
        """Changes a ticket over REST."""
        self.rest.patch(f"/api/tickets/{ticket_id}/", json=fields).raise_for_status()

    def get(self, ticket_id: int) -> dict[str, Any]:
        """Returns one ticket over REST."""
        ticket: dict[str, Any] = self.rest.get(f"/api/tickets/{ticket_id}/").json()
        return ticket

    def tickets(self, **query: Any) -> list[dict[str, Any]]:
        """Returns the newest tickets over REST."""
        found: list[dict[str, Any]] = self.rest.get("/api/tickets/", params=query).json()
        return found

    def stats(self) -> dict[str, Any]:
        """Returns the statistics over REST."""
        figures: dict[str, Any] = self.rest.get("/api/tickets/stats/").json()
        return figures


@pytest.fixture
def desk(served: RunningDesk, database_url: str) -> Iterator[Desk]:
    """A desk without tickets, on which no address is anybody's yet.

    The first ticket with an address names its person, so an address that one test has used would
    have a name in the next. Tests may also write to its database from this process, for bulk data.
    """
    use_database(database_url)
    with httpx.Client(base_url=served.url, timeout=SECONDS, verify=TLS) as rest:
        yield Desk(served.url, rest)
    with write_transaction() as session:
        session.execute(text("UPDATE ticket SET deleted_at = created_at WHERE deleted_at IS NULL"))
        session.execute(text("UPDATE person SET email = NULL WHERE role = 'requester'"))
    use_database(None)


REACT_TEXT_NODES = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), owned = [];
  while (walker.nextNode())
    if (Object.keys(walker.currentNode).some(key => key.startsWith('__reactFiber')))
      owned.push(walker.currentNode.data);
  return owned;
}"""


def react_text_nodes(page: Page) -> list[str]:
    """Returns the text nodes that React owns and would change or remove.

    It fails to do so once a translator has replaced them: see components/browser/words.py.
    """
    texts: list[str] = page.evaluate(REACT_TEXT_NODES)
    return texts


class Chrome:
    """Opens pages of a given size. Errors and warnings of their consoles fail the test."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.console_errors: list[str] = []
        self._browser, self._address = browser, address
        self._contexts: list[Any] = []

    def page(self, path: str = "/", size: Size = DESKTOP, **options: Any) -> Page:
        """Opens a window of its own (cookies and storage are not shared) with this path loaded."""
        context = self._browser.new_context(base_url=self._address, **(size | options))
        context.set_default_timeout(SECONDS * 1000)
        self._contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: self.console_errors.append(f"{path}: {error}"))
        page.on(
            "console",
            lambda said: (
                self.console_errors.append(f"{path}: {said.text}")
                if said.type in ("error", "warning")
                else None
            ),
        )
        page.goto(path)
        return page

    def close(self) -> None:
        """Closes every page, after a check for text nodes that a translator could break."""
        for context in self._contexts:
            for page in context.pages:
                if "/api/" not in page.url:  # the pages of the API's documentation are not ours
                    self.console_errors += [
                        f"{page.url}: {text!r} is not alone" for text in react_text_nodes(page)
                    ]
            context.close()


@pytest.fixture
def chrome(chromium: Browser, desk: Desk) -> Iterator[Chrome]:
    """A browser on the desk; any error in a console, a blocked script included, fails the test."""
    chrome = Chrome(chromium, desk.url)
    yield chrome
    chrome.close()
    assert chrome.console_errors == []


@pytest.fixture
def visitors(chromium: Browser, closed: Any) -> Iterator[Chrome]:
    """As `chrome`, at the desk with accounts that the module's fixture `closed` runs."""
    chrome = Chrome(chromium, closed.desk.url)
    yield chrome
    chrome.close()
    assert chrome.console_errors == []


@pytest.fixture(params=["1440x900", "390x844"])
def size(request: pytest.FixtureRequest) -> Size:
    """The size of a desktop and of a phone."""
    return DESKTOP if request.param == "1440x900" else PHONE
