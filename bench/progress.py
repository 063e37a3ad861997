"""Shows the benchmark's progress: a line for each run, and a bar on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ticket_app.cli.say import say


class Steps:
    """Counts and prints the finished steps."""

    def __init__(self, bar: Progress, steps: int) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=steps)

    def begin(self, what: str) -> None:
        """Show the name of the next step."""
        self._bar.update(self._task, description=what)
        if not self._bar.console.is_terminal:
            say(what)

    def done(self, said: str) -> None:
        """Count one step as done and print this line."""
        self._bar.advance(self._task)
        say(said)


@contextmanager
def showing_steps(steps: int) -> Iterator[Steps]:
    """Yields the progress of this many steps; printed lines appear above the bar."""
    console = Console()
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield Steps(bar, steps)
