"""A temporary PgBouncer before a PostgreSQL server."""

import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from harness.ports import free_port
from harness.postgres import unprivileged_user

HOW_TO_BRING_IT = "apt-get install pgbouncer"
SECONDS_TO_START = 30


def find_pooler() -> str | None:
    """Returns the path of pgbouncer, which Debian installs outside a user's PATH."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def running_pooler(binary: str, server: str, *, mode: str) -> Iterator[str]:
    """Starts it on a free loopback port; yields `postgresql://desk@127.0.0.1:port`.

    Its settings are Debian's, except for `mode`.
    """
    home = Path(tempfile.mkdtemp(prefix="desk-pooler-"))
    port, behind = free_port(), make_url(server).port
    (home / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={behind} user=desk\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {mode}\n"
    )
    user = unprivileged_user()
    if user is not None:
        shutil.chown(home, user)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [binary, str(home / "pgbouncer.ini")],
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            cwd="/",
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, process, home / "log")
        yield f"postgresql://desk@127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(home)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"PgBouncer did not start. It said:\n{log.read_text(errors='replace')}")
