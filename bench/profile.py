"""`python -m bench.profile` shows which packages' Python runs while the desk answers.

It samples only the thread that holds the interpreter lock, so that waiting for PostgreSQL is not
counted. It needs py-spy, and permission to inspect other processes (on Linux: root, or ptrace_scope
0).
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

from bench.load import BenchError, put_under_load
from bench.report import machine, table
from bench.requests import CREATE, STATUS, creating_script, reading, status_script
from bench.rows import unresolved, wait_until_idle
from bench.servers import Served, own_database, served_desk
from harness.filling import fill_postgresql, vacuum
from ticket_app.cli.say import say
from ticket_app.errors import TicketAppError
from ticket_app.settings import ROOT

SECONDS = 5
SAMPLES_A_SECOND = 200
SHARES = 7
"""Packages that have a column of their own; the others are summed up."""
OURS = "the desk"
STANDARD_LIBRARY = "Python's library"


def main() -> int:
    """Print the table. Returns 2 if a required program is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000, help="(default: %(default)s)")
    arguments = parser.parse_args()
    try:
        found = _profiles(arguments.tickets)
    except TicketAppError as error:
        say(error.detail, to=sys.stderr)
        return 2
    say(f"{machine()}; {arguments.tickets:,} tickets, one worker process\n")
    say(shares(found))
    return 0


def packages(stacks: str) -> Counter[str]:
    """Returns the samples by the package of the innermost frame, from py-spy's raw output."""
    counts: Counter[str] = Counter()
    for line in stacks.splitlines():
        frames, _, samples = line.rpartition(" ")
        counts[_package(frames.rpartition(";")[2])] += int(samples)
    return counts


def _package(frame: str) -> str:
    """Returns the package of a frame, which is written as `function (/path/to/file.py:12)`."""
    path = frame.rpartition("(")[2]
    if path.startswith(f"{ROOT / 'ticket_app'}/"):
        return OURS
    installed = re.search(r"/site-packages/(\w+)", path)
    return installed[1] if installed else STANDARD_LIBRARY


def _profiles(tickets: int) -> dict[str, Counter[str]]:
    with own_database() as database:
        fill_postgresql(database, tickets)
        vacuum(database)
        with served_desk(database) as served:
            return profiles(served, database, tickets)


def profiles(served: Served, database: str, tickets: int) -> dict[str, Counter[str]]:
    """Returns the samples by request, in the order of `requests`.

    Files tickets, and changes some. Raises BenchError if py-spy is missing or not permitted.
    """
    found = {}
    for name, path, script in _requests(database, tickets):
        wait_until_idle(database.rpartition("/")[0])
        found[name] = _profile(served.pid, served.url + path, script)
    return found


def _requests(database: str, tickets: int) -> Iterator[tuple[str, str, str | None]]:
    """Yields the name, the path and wrk's script of each request."""
    for request in reading(tickets):
        yield request.name, request.path, None
    yield STATUS.name, STATUS.path, status_script(unresolved(database, "ticket"))
    yield CREATE.name, CREATE.path, creating_script()


def _profile(pid: int, url: str, script: str | None) -> Counter[str]:
    """Returns the samples of a process and its children under load."""
    with ThreadPoolExecutor(1) as pool, tempfile.TemporaryDirectory() as folder:
        load = pool.submit(put_under_load, url, seconds=SECONDS + 2, script=script)
        sleep(1)
        path = Path(folder) / "stacks"
        command = [
            str(Path(sys.executable).with_name("py-spy")),
            "record",
            "--pid",
            str(pid),
            "--subprocesses",
            "--gil",
        ]
        command += ["--rate", str(SAMPLES_A_SECOND), "--duration", str(SECONDS)]
        command += ["--format", "raw", "--full-filenames", "--output", str(path)]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BenchError(f"py-spy cannot look into the desk: {error}") from None
        finally:
            load.result()
        return packages(path.read_text(encoding="utf-8"))


def shares(found: Mapping[str, Counter[str]]) -> str:
    """Returns for each request the busy share of the interpreter and each package's, in percent."""
    total_samples: Counter[str] = sum(found.values(), Counter())
    named = [name for name, _ in total_samples.most_common(SHARES)]
    rows = []
    for request, counts in found.items():
        total = counts.total()
        parts = [counts[name] / total for name in named]
        busy = total / (SECONDS * SAMPLES_A_SECOND)
        rows.append([request, *(f"{share:.0%}" for share in (busy, *parts, 1 - sum(parts)))])
    return table(["request", "busy", *named, "others"], rows)


if __name__ == "__main__":
    sys.exit(main())
