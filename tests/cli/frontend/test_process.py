"""Child processes end with the desk, and so do theirs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ticket_app.cli.frontend.process import run_with_children
from ticket_app.settings import ROOT

OURSELVES = """
import os, signal, sys
from ticket_app.cli.main import _terminate
from ticket_app.cli.frontend.process import run_with_children
signal.signal(signal.SIGTERM, _terminate)
child = "sleep 60 & echo $! >grandchild; echo $$ >child; wait"
os.chdir(sys.argv[1])
run_with_children(["sh", "-c", f"cd {sys.argv[1]}; {child}"], environment=os.environ)
"""


def test_the_exit_code_is_handed_on() -> None:
    assert run_with_children(["sh", "-c", "exit 7"], environment=os.environ) == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interruption_ends_the_whole_family(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", OURSELVES, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    family = [_pid_in(tmp_path / name) for name in ("grandchild", "child")]
    process.send_signal(number)
    assert process.wait(15) != 0
    deadline = time.monotonic() + 5
    while any(_runs(pid) for pid in family) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(_runs(pid) for pid in family)


def _pid_in(path: Path) -> int:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"{path.name} was not started")


def _runs(pid: int) -> bool:
    asked = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")
