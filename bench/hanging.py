"""`python -m bench.hanging` measures what a provider that never answers costs a create.

Two desks on SQLite take turns with the same creates: one has no provider, the other a provider that
hangs. The ratio of their times is the cost of the provider.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import httpx2

from bench.report import machine, table
from bench.servers import desk
from harness.fake_provider import FakeProvider, Script
from ticket_app.cli.say import say

ROUNDS = 10
TICKETS = 60


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, FakeProvider(Script.HANG) as fake:
        hangs = {"AI_PROVIDER": "openai", "AI_BASE_URL": fake.base_url}
        here = Path(folder)
        with (
            desk(f"sqlite:///{here / 'without.sqlite3'}") as without,
            desk(f"sqlite:///{here / 'hanging.sqlite3'}", **hangs) as hanging,
        ):
            times: dict[str, list[float]] = {without: [], hanging: []}
            ratios = []
            for number in range(ROUNDS):
                rounds = {url: list(_filing_ms(url, number)) for url in times}
                ratios.append(median(rounds[hanging]) / median(rounds[without]))
                for url, taken in rounds.items():
                    times[url] += taken
            calls = len(fake.received)
    say(f"{machine()}\n")
    rows = [_row("no provider", times[without]), _row("a provider that hangs", times[hanging])]
    say(table(["filing with", "p50 ms", "p99 ms"], rows))
    low, high = min(ratios), max(ratios)
    say(f"\nhanging : none, medians: {median(ratios):.2f} ({low:.2f} to {high:.2f}); {calls} calls")
    return 0


def _filing_ms(url: str, number: int) -> Iterator[float]:
    """Yields the milliseconds of each of TICKETS creates."""
    with httpx2.Client() as client:
        for each in range(TICKETS):
            ticket = {"title": f"Printer {number}.{each}", "description": "It prints in pink only."}
            started = perf_counter()
            client.post(f"{url}/api/tickets/", json=ticket).raise_for_status()
            yield (perf_counter() - started) * 1000


def _row(name: str, taken: list[float]) -> list[str]:
    return [name, f"{median(taken):.1f}", f"{quantiles(taken, n=100)[98]:.1f}"]


if __name__ == "__main__":
    raise SystemExit(main())
