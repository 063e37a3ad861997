"""Tables, the machine's description, and the page of the documentation that shows the figures."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.load import BenchError

BEGIN, END = "<!-- written by make bench -->", "<!-- end of what make bench writes -->"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Returns a Markdown table whose columns are aligned, so that a terminal shows it well, too."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def machine() -> str:
    """Returns the hardware that the figures depend on; nothing in it identifies its owner."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores of {_cpu()}, {memory:.0f} GiB of memory"


def versions() -> str:
    """Returns the versions of Python and of the desk's main packages."""
    names = ("fastapi", "sqlalchemy", "psycopg2-binary", "granian", "reflex")
    found = [f"{name} {version(name)}" for name in names]
    return ", ".join([f"Python {platform.python_version()}", *found])


def today() -> str:
    """Returns today's date in UTC."""
    return datetime.now(UTC).date().isoformat()


def write_into(page: Path, text: str) -> None:
    """Replace the text between the page's marks. Raises BenchError if a mark is missing."""
    before = page.read_text(encoding="utf-8") if page.is_file() else ""
    written = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    if not written.search(before):
        raise BenchError(f"{page} has no place for the figures; it is between {BEGIN} and {END}")
    after = written.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", before)
    page.write_text(after, encoding="utf-8")


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    content = info.read_text(encoding="utf-8") if info.is_file() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", content, re.MULTILINE)
    return named[1].strip() if named else platform.machine()
