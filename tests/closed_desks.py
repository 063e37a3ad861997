"""The database of a desk with accounts, for a server that other processes run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.accounts import administrator
from ticket_app.data.engine import use_database
from ticket_app.data.migrations import migrate
from ticket_app.services.people import identity


@contextmanager
def closed_database(folder: Path) -> Iterator[str]:
    """Yields the URL of a new database with an administrator, which this process uses meanwhile."""
    url = f"sqlite:///{folder / 'desk.sqlite3'}"
    use_database(url)
    migrate()
    identity.forget()
    administrator()
    yield url
    use_database(None)
    identity.forget()
