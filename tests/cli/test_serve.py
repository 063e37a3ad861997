"""`make run` starts a desk that says where it is, answers, and ends completely."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import httpx2
import pytest

from harness.ports import free_port
from tests.serving import RunningDesk, newly_started_desk, running_desk

INTRANET = "https://intranet.example"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk on the compiled pages."""
    with running_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


def get(url: str) -> HTTPResponse:
    """Returns the answer of a URL that answers 200."""
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_start_builds_nothing_says_its_address_and_ends_with_a_signal(
    desk: RunningDesk, tmp_path: Path, number: signal.Signals
) -> None:
    assert desk.process.poll() is None
    with newly_started_desk(tmp_path, ALLOWED_ORIGINS=INTRANET) as ending:
        expect_an_allowed_site_alone_to_ask_across(ending.url)
        family = children(ending.process.pid)
        ending.process.send_signal(number)
        assert ending.process.wait(15) == 0
        assert family
        end = time.monotonic() + 2  # multiprocessing's helper ends after its parent
        while left := [pid for pid in family if runs(pid)]:
            assert time.monotonic() < end, left
    assert f"The desk is at {ending.url} (Ctrl-C stops it)" in ending.printed.splitlines()
    assert "Compiling" not in ending.printed and "Traceback" not in ending.printed
    assert ending.printed.count("the desk is open") == 1


def test_an_open_desk_for_other_machines_stops_with_one_sentence(
    desk: RunningDesk, tmp_path: Path
) -> None:
    assert desk.process.poll() is None
    started = subprocess.run(
        [sys.executable, "-m", "ticket_app", "serve"],
        env=os.environ | {"HOST": "0.0.0.0", "PORT": str(free_port()), "DATA_DIR": str(tmp_path)},  # noqa: S104
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 2
    assert started.stderr.startswith("HOST is 0.0.0.0")
    assert started.stderr.count("\n") == 1
    assert "Starting" not in started.stdout


def children(pid: int) -> list[str]:
    """Returns the process ids of a process's children."""
    asked = ["ps", "-e", "-o", "ppid=,pid="]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[1] for line in lines if line.split()[0] == str(pid)]


def runs(pid: str) -> bool:
    """Returns True if the process exists and is no zombie."""
    asked = ["ps", "-o", "stat=", "-p", pid]
    state = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


def expect_an_allowed_site_alone_to_ask_across(url: str) -> None:
    for origin, granted in ((INTRANET, INTRANET), ("https://evil.example", None)):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = httpx2.options(f"{url}/api/tickets/", headers=asked)
        assert answer.headers.get("access-control-allow-origin") == granted
