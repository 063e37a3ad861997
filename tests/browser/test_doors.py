"""The doors of a running desk are shut to other sites."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Chrome, Desk

CONNECT = """url => new Promise(resolve => {
  const socket = new WebSocket(url);
  socket.onopen = () => { socket.close(); resolve('open'); };
  socket.onerror = () => resolve('refused');
})"""


class OtherPage(BaseHTTPRequestHandler):
    """An empty page, without a word in the log."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def other_site() -> Iterator[str]:
    """Another site on this machine, since a browser keeps those of the net away by itself."""
    with ThreadingHTTPServer(("127.0.0.1", 0), OtherPage) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def connect(page: Page, desk: Desk) -> str:
    """Whether a script of this page gets at the desk's websocket."""
    address = desk.url.replace("http", "ws", 1)
    outcome: str = page.evaluate(CONNECT, f"{address}/_event/?EIO=4&transport=websocket")
    return outcome


def test_a_page_of_another_site_gets_no_websocket(
    chrome: Chrome, desk: Desk, other_site: str
) -> None:
    own = chrome.page("/")
    assert connect(own, desk) == "open"
    other = chrome.page(other_site)
    assert connect(other, desk) == "refused"
    assert [one for one in chrome.complaints if "403" not in one] == []
    chrome.complaints.clear()


def test_a_page_of_another_site_reads_nothing_over_rest(
    chrome: Chrome, desk: Desk, other_site: str
) -> None:
    desk.file()
    other = chrome.page(other_site)
    read = "url => fetch(url).then(answer => answer.text(), () => 'refused')"
    assert other.evaluate(read, f"{desk.url}/api/tickets/") == "refused"
    assert chrome.complaints
    chrome.complaints.clear()


@pytest.mark.parametrize("path", ["/", "/board", "/api/tickets/"])
def test_a_request_to_another_name_is_refused(desk: Desk, path: str) -> None:
    assert desk.rest.get(path).status_code == 200
    answer = desk.rest.get(path, headers={"Host": "other.example"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "host_not_allowed"


def test_a_page_says_what_it_may_load(desk: Desk) -> None:
    policy = desk.rest.get("/").headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts
    assert "'unsafe-eval'" not in scripts
    assert "frame-ancestors 'none'" in policy
