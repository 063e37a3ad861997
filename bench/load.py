"""Load from wrk, a client in C that takes little of the cores which it shares with the servers."""

import json
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
TIMEOUT_SECONDS = 10


class BenchError(TicketAppError):
    """What was to be measured cannot be; `detail` says why."""

    code = "bench_failed"


class Request(NamedTuple):
    """What is sent, over how many connections. With a `body` it is a POST of JSON."""

    name: str
    path: str
    connections: int
    body: Mapping[str, str] | None = None


class Run(NamedTuple):
    """What the client saw: answers a second, latencies in milliseconds, and how many answers."""

    per_second: float
    p50_ms: float
    p99_ms: float
    answers: int


def wrk() -> str:
    """The program. Raises BenchError where it is missing."""
    path = shutil.which("wrk")
    if path is None:
        raise BenchError("wrk is missing; bring it with: apt-get install wrk")
    return path


def put_under_load(base_url: str, request: Request, *, seconds: int) -> Run:
    """One run. Raises BenchError when a single answer was an error, or none came."""
    with tempfile.TemporaryDirectory() as folder:
        script: list[str] = []
        if request.body is not None:
            path = Path(folder) / "post.lua"
            path.write_text(_post(json.dumps(request.body)), encoding="utf-8")
            script = ["-s", str(path)]
        done = subprocess.run(
            [
                *(wrk(), "-t1", f"-c{request.connections}", f"-d{seconds}s", "--latency"),
                *(f"--timeout={TIMEOUT_SECONDS}s", *script, base_url + request.path),
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
    """What wrk printed. Raises BenchError when it tells of errors."""
    for sign in ("Non-2xx or 3xx responses", "Socket errors"):
        line = re.search(rf"{sign}: .*", text)
        if line is not None:
            raise BenchError(f"The load met errors ({line[0]}), so there is nothing to compare.")
    answers = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if answers is None or rate is None or not int(answers[1]):
        raise BenchError(f"wrk saw no answer:\n{text}")
    return Run(float(rate[1]), _quantile(text, 50), _quantile(text, 99), int(answers[1]))


def typical(runs: list[Run]) -> Run:
    """The median of each figure; all the answers."""
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


def _post(body: str) -> str:
    """wrk reads what to send from Lua; a long string needs no escaping but its own end."""
    return (
        'wrk.method = "POST"\n'
        'wrk.headers["Content-Type"] = "application/json"\n'
        f"wrk.body = [==[{body}]==]\n"
    )
