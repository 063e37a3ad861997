"""The production server: Granian with WORKERS processes, each of which runs the whole desk."""

import asyncio
import multiprocessing
import os
import resource
import signal
from threading import Thread
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from ticket_app.cli.say import say
from ticket_app.cli.server.garbage import collect_garbage_rarely
from ticket_app.cli.server.log_lines import begin_log, remove_other_handlers
from ticket_app.settings import Settings, get_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

SECONDS_TO_FINISH = 5
CONNECTIONS_MAX = 4_096
"""Connections of one process without websockets. The gateway closes idle ones before this limit."""
FILES_BESIDES = 512
"""Open files other than clients' connections: the database's, static files, libraries."""
MS_FOR_A_HEAD = 20_000
HEAD_MAX = 64 * 1024
"""Bytes of a request's head. A connection that sends a head slowly holds as many."""
TRIES, SECONDS_BETWEEN_TRIES = 3_000, 0.02

NO_HANDLERS: dict[str, Any] = {"loggers": {"_granian": {}, "granian.access": {}}}
"""Granian's records go through the root logger like all others."""

EVERY_ADDRESS = ("0.0.0.0", "::", "[::]")  # noqa: S104  # compared, never bound
LOCAL = ("127.0.0.1", "::1", "[::1]", *EVERY_ADDRESS)


def serve_until_stopped(settings: Settings) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; workers then have SECONDS_TO_FINISH for requests.

    One of several workers that dies is replaced. If the only worker dies, the server ends, so that
    its supervisor sees it.
    """
    # A fresh interpreter shares no open file of this process, such as a database.
    multiprocessing.set_start_method("spawn", force=True)
    server = Server(
        "ticket_app.cli.server.granian_server:desk",
        factory=True,
        address=settings.host.strip("[]"),
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        respawn_failed_workers=settings.workers > 1,
        workers_kill_timeout=SECONDS_TO_FINISH,
        log_level=LogLevels.warning,
        log_dictconfig=NO_HANDLERS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=MS_FOR_A_HEAD, max_buffer_size=HEAD_MAX),
        backpressure=_connections(),
        backlog=CONNECTIONS_MAX,
    )
    # By default Granian reloads on SIGHUP, and would outlive the terminal it was started in.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        server.on_startup(lambda: signal.signal(signal.SIGHUP, server.signal_handler_interrupt))
    else:
        server.on_startup(lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    # The parent process of the workers announces the address once, not each worker.
    server.on_startup(Thread(target=asyncio.run, args=(announce(),), daemon=True).start)
    server.serve()
    return 0


def _connections() -> int:
    """Raise the limit of open files; return the number of connections that it allows a process.

    Workers inherit the limit.
    """
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS_MAX + FILES_BESIDES  # twice, for as many websockets
    files = max(files, wanted if most == resource.RLIM_INFINITY else min(wanted, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(1, min(CONNECTIONS_MAX, (files - FILES_BESIDES) // 2))


def desk() -> "ASGIApp":
    """Return the ASGI application. Granian calls it in each worker."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent process ends the workers
    Thread(target=_end_with_parent, daemon=True).start()
    begin_log(get_settings().log_level)
    from ticket_app.ticket_app import app  # noqa: PLC0415  # only the worker needs Reflex

    application: ASGIApp = app()
    remove_other_handlers()
    collect_garbage_rarely()
    return application


def _end_with_parent() -> None:
    """End this worker if its parent was killed: it would keep the port, and no desk could start."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


async def announce() -> None:
    """Print the address once the server answers there."""
    settings = get_settings()
    shown = "localhost" if settings.host in LOCAL else settings.host
    host = "localhost" if settings.host in EVERY_ADDRESS else settings.host.strip("[]")
    for _ in range(TRIES):
        if await _answers(host, settings.port):
            say(f"The desk is at http://{shown}:{settings.port} (Ctrl-C stops it)")
            return
        await asyncio.sleep(SECONDS_BETWEEN_TRIES)


async def _answers(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    try:
        writer.write(b"GET /api/health/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return (await reader.readline()).startswith(b"HTTP/1.1 ")
    except OSError:
        return False
    finally:
        writer.close()
