"""The first account closes a desk that serves, within seconds."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from tests.serving import running_desk
from ticket_app.settings import ROOT

PATHS = ("/api/tickets/", "/")
SECONDS_TO_CLOSE = 30  # a process looks every 2 s, but a busy machine may be late


def test_the_first_account_closes_a_desk_that_serves(tmp_path: Path) -> None:
    with running_desk(tmp_path) as desk, httpx2.Client(base_url=desk.url) as client:
        assert [client.get(path).status_code for path in PATHS] == [200, 200]
        done = subprocess.run(
            [sys.executable, "-m", "ticket_app", "people", "admin", "ana@example.com"],
            cwd=ROOT,
            env=os.environ | {"DATA_DIR": str(tmp_path / "data")},
            input="teapot lantern gravel\n",
            capture_output=True,
            text=True,
            check=True,
        )
        created = time.monotonic()
        assert "closed from now on" in done.stdout
        while client.get("/api/tickets/").status_code != 401:
            assert time.monotonic() - created < SECONDS_TO_CLOSE
            time.sleep(0.1)
        assert [client.get(path).status_code for path in PATHS] == [401, 303]
