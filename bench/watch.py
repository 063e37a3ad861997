"""How far the benchmark is: a line for each run, and a bar on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ticket_app.cli.say import say


class Watch:
    """Counts what is done, and tells of it."""

    def __init__(self, bar: Progress, steps: int) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=steps)

    def begin(self, what: str) -> None:
        """Name what comes next."""
        self._bar.update(self._task, description=what)
        if not self._bar.console.is_terminal:
            say(what)

    def done(self, said: str) -> None:
        """One step is done; says what came of it."""
        self._bar.advance(self._task)
        say(said)


@contextmanager
def watching(steps: int) -> Iterator[Watch]:
    """A watch over so many steps; what is said meanwhile stands above its bar."""
    console = Console()
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield Watch(bar, steps)
