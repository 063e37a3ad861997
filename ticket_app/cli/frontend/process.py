"""Child processes, together with their own children."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from ticket_app.settings import ROOT

SECONDS_TO_STOP = 5


def run_with_children(
    command: Sequence[str], *, environment: Mapping[str, str], output: IO[str] | None = None
) -> int:
    """Run a program to its end and return its exit code.

    It gets a process group of its own. An interruption ends the whole group, so that no compiler is
    left behind.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )
    try:
        return process.wait()
    finally:
        _stop_group(process)


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            continue
