"""A progress bar."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def with_progress(items: Iterable[T], total: int) -> Iterator[T]:
    """Yield the items as they come, with a progress bar on stderr if it is a terminal."""
    from rich.console import Console  # noqa: PLC0415  # the import takes 40 ms
    from rich.progress import track  # noqa: PLC0415

    yield from track(
        items,
        "Triage",
        total=total,
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
