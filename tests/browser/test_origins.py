"""A running desk refuses requests from the pages of other sites."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Chrome, Desk

CONNECT = """url => new Promise(resolve => {
  const socket = new WebSocket(url);
  socket.onopen = () => { socket.close(); resolve('open'); };
  socket.onerror = () => resolve('refused');
})"""


class OtherPage(BaseHTTPRequestHandler):
    """Serves an empty page, without a log."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def other_site() -> Iterator[str]:
    """The URL of another site on this machine.

    Requests from public sites to loopback are blocked by the browser itself.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), OtherPage) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def connect(page: Page, desk: Desk) -> str:
    """Returns whether a script of this page can open the desk's websocket."""
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
    assert [one for one in chrome.console_errors if "403" not in one] == []
    chrome.console_errors.clear()


def test_a_page_of_another_site_reads_nothing_over_rest(
    chrome: Chrome, desk: Desk, other_site: str
) -> None:
    desk.file()
    other = chrome.page(other_site)
    read = "url => fetch(url).then(answer => answer.text(), () => 'refused')"
    assert other.evaluate(read, f"{desk.url}/api/tickets/") == "refused"
    assert chrome.console_errors
    chrome.console_errors.clear()


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


def test_the_documentation_works_under_its_policy(chrome: Chrome) -> None:
    page = chrome.page("/api/docs")
    page.get_by_text("List Tickets").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".responses-table.live-responses-table")).to_contain_text("no-store")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/board", "/insights", "/nope", "/desk.css", "/api/health/", "/api/tickets/"),
        *("/api/docs", "/api/openapi.json", "/api/docs/files/swagger-ui.css", "/api/nope"),
    ],
)
def test_head_is_get_without_a_body(desk: Desk, path: str) -> None:
    head, whole = desk.rest.head(path), desk.rest.get(path)  # both on one connection
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert _lasting(head) == _lasting(whole)


def _lasting(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


@pytest.mark.parametrize(
    ("host", "origin"),
    [("localhost:80", "http://localhost"), ("localhost", "https://localhost:443")],
)
def test_a_proxy_may_name_the_default_port(desk: Desk, host: str, origin: str) -> None:
    named = {"Host": host, "Origin": origin}
    upgrade = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "c29tZSBzaXh0ZWVuIGIuLg==",
    }  # fmt: skip
    address = "/_event/?EIO=4&transport=websocket"
    with desk.rest.stream("GET", address, headers=named | upgrade) as answer:
        assert answer.status_code == 101
    new = {"title": "A", "description": "B"}
    assert desk.rest.post("/api/tickets/", json=new, headers=named).status_code == 201
