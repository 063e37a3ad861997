"""The desk as `make run` starts it: what it says, what answers, and that it goes away again."""

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import httpx2
import pytest

from tests.serving import RunningDesk, running_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk on the compiled pages."""
    with running_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


def get(url: str) -> HTTPResponse:
    """Read an address that answers 200."""
    answer: HTTPResponse = urllib.request.urlopen(url, timeout=10)  # noqa: S310
    return answer


def test_pages_rest_and_documentation_answer_on_one_port(desk: RunningDesk) -> None:
    page = get(f"{desk.url}/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "script-src 'self' 'sha256-" in page.headers["Content-Security-Policy"]
    assert json.load(get(f"{desk.url}/api/health/"))["ready"] is True
    assert b"swagger" in get(f"{desk.url}/api/docs").read()


def test_a_page_has_no_address_baked_in(desk: RunningDesk) -> None:
    page = get(f"{desk.url}/").read().decode()
    script = page.partition('href="/assets/reflex-env-')[2].partition('"')[0]
    text = get(f"{desk.url}/assets/reflex-env-{script}").read().decode()
    assert 'EVENT:location.origin+"/_event"' in text


def test_a_second_start_builds_nothing(desk: RunningDesk, tmp_path: Path) -> None:
    assert desk.process.poll() is None
    with running_desk(tmp_path) as second:
        assert "Compiling" not in second.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_all_after_the_address_was_said(
    desk: RunningDesk, tmp_path: Path, number: signal.Signals
) -> None:
    assert desk.process.poll() is None
    with running_desk(tmp_path) as ending:
        family = children(ending.process.pid)
        ending.process.send_signal(number)
        assert ending.process.wait(15) == 0
        assert family
        end = time.monotonic() + 2  # Python's own helper process ends when it sees that ours has
        while left := [pid for pid in family if runs(pid)]:
            assert time.monotonic() < end, left
    assert f"The desk is open at {ending.url} (Ctrl-C closes it)" in ending.said.splitlines()
    assert "Traceback" not in ending.said


def children(pid: int) -> list[str]:
    """The processes that this one has started."""
    asked = ["ps", "-e", "-o", "ppid=,pid="]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[1] for line in lines if line.split()[0] == str(pid)]


def runs(pid: str) -> bool:
    """Whether the process exists and is not only waiting to be forgotten."""
    asked = ["ps", "-o", "stat=", "-p", pid]
    state = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


def test_only_an_allowed_site_may_ask_across(desk: RunningDesk, tmp_path: Path) -> None:
    assert desk.process.poll() is None
    with running_desk(tmp_path, ALLOWED_ORIGINS="https://intranet.example") as open_desk:
        granted = {
            origin: httpx2.options(
                f"{open_desk.url}/api/tickets/",
                headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
            ).headers.get("access-control-allow-origin")
            for origin in ("https://intranet.example", "https://evil.example")
        }
    assert granted == {
        "https://intranet.example": "https://intranet.example",
        "https://evil.example": None,
    }
