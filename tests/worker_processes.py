"""The worker processes of a desk with several, for tests that kill some of them."""

import os
import signal
import subprocess
import time

from tests.fork_server import WORKER
from tests.serving import RunningDesk

SECONDS = 60


def workers(desk: RunningDesk) -> list[int]:
    """Returns the process ids of the workers; their supervisor is the parent of them all."""
    asked = ["ps", "-ww", "-o", "pid=,comm=,args=", "--ppid", str(desk.process.pid)]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(line.split()[0]) for line in lines if "spawn_main" in line or WORKER in line]


def kill_worker(worker: int) -> None:
    """Kill a worker with SIGKILL, as the system does when memory runs out."""
    os.kill(worker, signal.SIGKILL)


def wait_for_successors(desk: RunningDesk, gone: list[int], count: int) -> None:
    """Return once this many workers run, none of which is in `gone`."""
    deadline = time.monotonic() + SECONDS
    while not (len(now := workers(desk)) == count and not set(now) & set(gone)):
        assert time.monotonic() < deadline, f"{now} serve after {gone} are gone"
        time.sleep(0.05)
