"""Load from wrk, a client in C that takes little of the cores that it shares with the servers."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ticket_app.errors import TicketAppError

UNITS_IN_MS = {"us": 0.001, "ms": 1.0, "s": 1_000.0, "m": 60_000.0}
CONNECTIONS = 32
LONG_SECONDS = 60
TIMEOUT_SECONDS = 120
"""Long enough that no answer times out: 32 requests may wait for two workers, seconds each."""


class BenchError(TicketAppError):
    """A measurement is impossible; `detail` says why."""

    code = "bench_failed"


class NoAnswerError(BenchError):
    """The run was too short for a single answer."""


class Run(NamedTuple):
    """One run as the client saw it: answers a second, latencies in milliseconds, total answers."""

    per_second: float
    p50_ms: float
    p99_ms: float
    answers: int


def wrk() -> str:
    """Returns the path of wrk. Raises BenchError if it is missing."""
    path = shutil.which("wrk")
    if path is None:
        raise BenchError("wrk is missing; bring it with: apt-get install wrk")
    return path


def put_under_load(
    url: str,
    *,
    seconds: int,
    connections: int = CONNECTIONS,
    script: str | None = None,
    headers: Mapping[str, str] = {},
) -> Run:
    """Returns one run of wrk, with this Lua script, or with GET of that address without one. Each
    request has these headers.

    A run without any answer is repeated once, for LONG_SECONDS. Raises BenchError if any answer is
    an error, and NoAnswerError if the second run has no answer either.
    """
    try:
        return _put_under_load(url, seconds, connections, script, headers)
    except NoAnswerError:
        return _put_under_load(url, LONG_SECONDS, connections, script, headers)


def _put_under_load(
    url: str, seconds: int, connections: int, script: str | None, headers: Mapping[str, str]
) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requests.lua"
        path.write_text(script or "", encoding="utf-8")
        done = subprocess.run(
            [
                *(wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"),
                *(part for each in headers.items() for part in ("-H", ": ".join(each))),
                *(f"--timeout={TIMEOUT_SECONDS}s", "-s", str(path), url),
            ],
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=False,
        )
    if done.returncode:
        raise BenchError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    return read_output(done.stdout)


def read_output(text: str) -> Run:
    """Returns the run that wrk's output describes. Raises BenchError if wrk counted errors."""
    for sign in ("Non-2xx or 3xx responses", "Socket errors"):
        line = re.search(rf"{sign}: .*", text)
        if line is not None:
            raise BenchError(f"The load met errors ({line[0]}), so there is nothing to compare.")
    answers = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if answers is None or rate is None:
        raise BenchError(f"wrk printed no figures:\n{text}")
    if not int(answers[1]):
        raise NoAnswerError("wrk saw no answer.")
    return Run(float(rate[1]), _quantile(text, 50), _quantile(text, 99), int(answers[1]))


def median_run(runs: list[Run]) -> Run:
    """Returns the median of each figure, and the sum of all answers."""
    return Run(
        median(run.per_second for run in runs),
        median(run.p50_ms for run in runs),
        median(run.p99_ms for run in runs),
        sum(run.answers for run in runs),
    )


def _quantile(text: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE)
    if found is None:
        raise BenchError(f"wrk printed no {percent}% line:\n{text}")
    return float(found[1]) * UNITS_IN_MS[found[2]]
