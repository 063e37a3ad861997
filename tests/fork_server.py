"""Starts desks and commands from a process that has imported the desk: each computes 1 to 3 s less.

Each process of pytest has one server of forks. A desk, its workers and a command are forks of it
with the environment, the files and the session that a new interpreter would get, and run the same
code. Tests of the start itself use a new interpreter.
"""

import array
import ast
import atexit
import ctypes
import gc
import json
import multiprocessing.util
import os
import runpy
import signal
import socket
import subprocess
import sys
from functools import cache
from importlib import import_module
from tempfile import TemporaryFile
from typing import IO, Any

from reflex_base.config import reload_config

from ticket_app.cli.frontend.compilation import built_pages
from ticket_app.cli.frontend.reflex_environment import serving_environment
from ticket_app.data.engine import use_database
from ticket_app.services.people import identity
from ticket_app.settings import ROOT, get_settings

SET_CHILD_SUBREAPER, SET_NAME = 36, 15
WORKER = "desk-worker"
"""The name of a worker's process, as `ps -o comm` shows it."""
REQUEST_MAX = OUTPUT_MAX = 256 * 1024
SECONDS = 60
OPEN_FILES_MAX = 65_536
ASSEMBLY = ROOT / "ticket_app" / "ticket_app.py"


class Forked(subprocess.Popen[bytes]):
    """A child process that was not started by this interpreter; used as any Popen."""

    def __init__(self, pid: int) -> None:
        super().__init__(["true"])
        super().wait()  # the state of a Popen is made for a program that has ended at once
        self.pid, self.returncode = pid, None


def can_fork() -> bool:
    """Returns True if a fork of another process can become a child of this one."""
    return sys.platform == "linux"


def fork_desk(environment: dict[str, str], output: IO[bytes]) -> Forked:
    """Run `python -m ticket_app serve`, a group of its own, with its output to this file."""
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        return _fork(["serve"], environment, nothing.fileno(), output.fileno(), output.fileno())


def run_command(
    *arguments: str, stdin: int | None = None, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m ticket_app` to its end, with these changes of the environment."""
    command = [sys.executable, "-m", "ticket_app", *arguments]
    environment = os.environ | environment
    if not can_fork():
        return subprocess.run(
            command, cwd=ROOT, env=environment, stdin=stdin or subprocess.DEVNULL,
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    with TemporaryFile() as nothing, TemporaryFile() as output, TemporaryFile() as errors:
        files = stdin or nothing.fileno(), output.fileno(), errors.fileno()
        process = _fork(list(arguments), environment, *files)
        try:
            process.wait(SECONDS)
        finally:
            process.kill()
        printed = [os.pread(file.fileno(), OUTPUT_MAX, 0).decode() for file in (output, errors)]
    return subprocess.CompletedProcess(command, process.returncode, *printed)


def _fork(arguments: list[str], environment: dict[str, str], *files: int) -> Forked:
    """Fork for this command, with these files as 0, 1 and 2."""
    server, _ = _server()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files).tobytes())]
    _prctl(SET_CHILD_SUBREAPER, 1)  # the fork becomes a child of this process
    try:
        server.sendmsg([json.dumps([arguments, environment]).encode()], rights)
        answer = server.recv(64)
    finally:
        _prctl(SET_CHILD_SUBREAPER, 0)
    if not answer:
        raise RuntimeError("The server of forks has ended.")
    return Forked(int(answer))


@cache
def _server() -> tuple[socket.socket, "subprocess.Popen[bytes]"]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
            cwd=ROOT, env=kept, pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            start_new_session=True,  # an interruption of pytest is not for it
        )  # fmt: skip
    return ours, process


def _prctl(option: int, value: Any) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl failed")


def _import_the_desk() -> None:
    """Import all that a desk imports but its assembly, which reads the settings."""
    import_module("ticket_app.cli.server.start")
    import_module("ticket_app.api.app")
    for line in ast.parse(ASSEMBLY.read_text(encoding="utf-8")).body:
        if isinstance(line, ast.ImportFrom):
            import_module(str(line.module))


def _serve_forks(requests: socket.socket) -> list[str]:
    """Fork at each request. Returns in a fork, with the arguments of the command that it is.

    The fork's own parent ends at once, so that the fork becomes the child of the process that asks.
    """
    while True:
        request, rights, _, _ = requests.recvmsg(REQUEST_MAX, socket.CMSG_SPACE(3 * 4))
        if not request:
            sys.exit()
        files = array.array("i", rights[0][2])
        reading, writing = os.pipe()
        parent = os.fork()
        if parent == 0:
            if os.fork():
                os._exit(0)
            os.setsid()
            os.write(writing, str(os.getpid()).encode())
            for number, file in enumerate(files):
                os.dup2(file, number)
            requests.detach()
            os.closerange(3, OPEN_FILES_MAX)
            arguments, environment = json.loads(request)
            os.environ.clear()
            os.environ.update(environment)
            return list(arguments)
        for file in (writing, *files):
            os.close(file)
        os.waitpid(parent, 0)
        requests.send(os.read(reading, 64))
        os.close(reading)


def _spawn_by_fork(path: bytes, arguments: list[str], files: list[int]) -> int:
    """Replace multiprocessing's start of a new interpreter for a worker of the desk."""
    program = arguments[-2]
    if "spawn_main" not in program:
        return _spawn(path, arguments, files)
    use_database(None)  # a fork must not share a connection
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _forget(files)
        sys.argv = ["-c", arguments[-1]]
        exec(program, {})  # noqa: S102  # multiprocessing's own line, which ends with sys.exit
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _forget(files: list[int]) -> None:
    """Forget what the desk above has set up and opened, except for these files."""
    _prctl(SET_NAME, WORKER.encode())
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        if signal.getsignal(number) is not signal.SIG_IGN:
            normal = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, normal)
    first = 3
    for file in [*sorted(files), OPEN_FILES_MAX]:
        os.closerange(first, file)
        first = file + 1
    get_settings.cache_clear()
    identity.forget()


if __name__ == "__main__":
    os.environ.update(serving_environment(built_pages()))  # Reflex reads some while it is imported
    _import_the_desk()
    gc.collect()
    gc.freeze()
    sys.argv = ["ticket_app", *_serve_forks(socket.socket(fileno=int(sys.argv[1])))]
    get_settings.cache_clear()
    reload_config()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    _spawn = multiprocessing.util.spawnv_passfds
    multiprocessing.util.spawnv_passfds = _spawn_by_fork  # type: ignore[assignment]
    runpy.run_module("ticket_app", run_name="__main__", alter_sys=True)
