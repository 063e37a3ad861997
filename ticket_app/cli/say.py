"""What the command line tells the person: one line a step, written at once."""

import sys
from typing import TextIO


def say(line: str, *, to: TextIO | None = None) -> None:
    """Write one line now, also into a pipe."""
    print(line, file=to or sys.stdout, flush=True)
