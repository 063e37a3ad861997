"""A bar for what takes a while."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def with_progress(items: Iterable[T], total: int) -> Iterator[T]:
    """The items as they come, with a bar on stderr; none where that is no terminal."""
    from rich.console import Console  # noqa: PLC0415  # 40 ms that no other command should pay
    from rich.progress import track  # noqa: PLC0415

    yield from track(
        items,
        "Triage",
        total=total,
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
