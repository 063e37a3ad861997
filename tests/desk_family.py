"""The processes of a desk that runs as several, for tests that kill some of them."""

import os
import signal
import subprocess
import time

from tests.serving import RunningDesk

SECONDS = 60


def workers(desk: RunningDesk) -> list[int]:
    """The processes that serve; the one that watches over them started them."""
    asked = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(desk.process.pid)]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if "spawn_main" in line]


def kill_worker(worker: int) -> None:
    """End it without a word, as a machine that has run out of memory does."""
    os.kill(worker, signal.SIGKILL)


def wait_for_successors(desk: RunningDesk, gone: list[int], count: int) -> None:
    """Return once so many workers run again, none of which is one of these."""
    deadline = time.monotonic() + SECONDS
    while not (len(now := workers(desk)) == count and not set(now) & set(gone)):
        assert time.monotonic() < deadline, f"{now} serve after {gone} are gone"
        time.sleep(0.05)
