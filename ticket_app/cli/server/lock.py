"""Lock files that allow one desk per port and one per data folder, from its start on.

A check of the port is not enough. The server shares its port with its own workers, and so with
another desk of the same user if both found the port free.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ticket_app.cli.server.port import port_is_taken, require_free_port
from ticket_app.errors import ConfigurationError
from ticket_app.settings import Settings


@contextmanager
def only_desk(settings: Settings, *more_ports: int) -> Iterator[None]:
    """Lock the ports and SQLite's file during the block.

    ConfigurationError, in one sentence, if another desk holds a lock or another program a port.
    """
    with ExitStack() as stack:
        for port in (settings.port, *more_ports):
            # The name has no host: a desk that listens on all addresses conflicts with each.
            name = f"support-desk-{os.getuid()}-{port}.lock"
            taken = ConfigurationError(port_is_taken(port))
            stack.enter_context(_file_lock(Path(tempfile.gettempdir()) / name, taken))
            require_free_port(settings.host, port)
        if (file := settings.sqlite_file) is not None:
            taken = ConfigurationError(
                f"Another desk works with the data in {file.parent}: stop that one, or choose "
                "another folder; for example: DATA_DIR=.data-2"
            )
            stack.enter_context(_file_lock(file.with_name(f"{file.name}.lock"), taken))
        yield


@contextmanager
def _file_lock(path: Path, error_if_locked: ConfigurationError) -> Iterator[None]:
    """Hold a lock file. The lock ends with the process, however that ends; the file stays."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {path.parent} cannot be used ({error.strerror}): let the desk's user "
            "write there, or choose another; for example: DATA_DIR=.data"
        ) from None
    with os.fdopen(number):
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise error_if_locked from None
        yield
