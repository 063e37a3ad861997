"""A temporary PostgreSQL server from the binaries of this machine."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.ports import free_port

HOW_TO_BRING_IT = "apt-get install postgresql"
UNPRIVILEGED_USERS = ("postgres", "nobody")
MEMORY, MEMORY_FREE = Path("/dev/shm"), 4 * 1024**3  # noqa: S108  # mkdtemp makes a folder of its own
SPEED = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def find_binaries() -> Path | None:
    """Returns the folder of initdb and postgres: on the PATH, or as on Debian or Homebrew."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).parent
    found = [
        *Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        *Path("/opt/homebrew/opt").glob("postgresql*/bin/initdb"),
    ]
    return max(found).parent if found else None


@contextmanager
def running_server(binaries: Path, *, settings: str = SPEED) -> Iterator[str]:
    """Start a server on a free loopback port; yields `postgresql://desk@127.0.0.1:port`.

    `settings` are its own, as `-c name=value`; without any it keeps every acknowledged commit.
    """
    home = Path(tempfile.mkdtemp(prefix="desk-postgres-", dir=memory_folder()))
    user = unprivileged_user()
    if user is not None:
        shutil.chown(home, user)
    try:
        _run(
            user,
            binaries / "initdb",
            "-D",
            home / "data",
            "-U",
            "desk",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        )
        port = free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home}"
        options += f" {settings}"
        _run(
            user,
            binaries / "pg_ctl",
            "-D",
            home / "data",
            "-l",
            home / "log",
            "-w",
            "-o",
            options,
            "start",
        )
        try:
            yield f"postgresql://desk@127.0.0.1:{port}"
        finally:
            _run(user, binaries / "pg_ctl", "-D", home / "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home)


def memory_folder() -> Path | None:
    """Returns a folder in memory, where a database is made and dropped in a third of the time, or
    None if it is small."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < MEMORY_FREE:
        return None
    return MEMORY


def unprivileged_user() -> str | None:
    """Returns the user to run as, because PostgreSQL refuses root; None: the present user."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED_USERS if name in known)


def _run(user: str | None, *command: object) -> None:
    # The output goes to a file, because the server that pg_ctl starts would keep a pipe open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(part) for part in command],
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            cwd="/",
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{command[0]} failed: {output.read().decode(errors='replace')}")
