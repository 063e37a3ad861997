"""Output of the command line: one line a step, flushed at once."""

import sys
from typing import TextIO


def say(line: str, *, to: TextIO | None = None) -> None:
    """Write one line and flush it, also into a pipe."""
    print(line, file=to or sys.stdout, flush=True)
