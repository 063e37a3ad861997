"""The production server: Granian with WORKERS processes, each of which holds the whole desk."""

import asyncio
import gc
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

from ticket_app.cli.log_lines import begin_log, one_way_out
from ticket_app.cli.say import say
from ticket_app.settings import Settings, get_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

SECONDS_TO_FINISH = 5
CONNECTIONS_MAX = 4_096
"""Of one process, websockets apart; the gateway closes silent ones before it comes to that."""
FILES_BESIDES = 512
"""Open files that are no connections of clients: the database's, static files, libraries."""
MS_FOR_A_HEAD = 20_000
HEAD_MAX = 64 * 1024
"""Bytes of a request's head; as many are kept for each connection that sends one slowly."""
GARBAGE_OBJECTS = 20_000
"""More objects than were freed, before the youngest are looked through; Python's own is 700."""
TRIES, SECONDS_BETWEEN_TRIES = 3_000, 0.02

NO_HANDLERS: dict[str, Any] = {"loggers": {"_granian": {}, "granian.access": {}}}
"""Granian's lines go the way of all others."""

EVERY_ADDRESS = ("0.0.0.0", "::", "[::]")  # noqa: S104  # compared, never bound
LOCAL = ("127.0.0.1", "::1", "[::1]", *EVERY_ADDRESS)


def serve_until_stopped(settings: Settings) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; workers then have seconds to finish their requests.

    One of several workers that dies is replaced. Where it was the only one, the end of the server
    says so to whoever watches it.
    """
    # A fresh interpreter: nothing that this process has open (a database, say) gets shared.
    multiprocessing.set_start_method("spawn", force=True)
    begin_log(settings.log_level)
    server = Server(
        "ticket_app.cli.server:desk",
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
    # Granian would reload on SIGHUP, and so outlive the terminal it was started in.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        server.on_startup(lambda: signal.signal(signal.SIGHUP, server.signal_handler_interrupt))
    else:
        server.on_startup(lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    # Once, by the process that starts the workers, and starts others in their place.
    server.on_startup(Thread(target=asyncio.run, args=(announce(),), daemon=True).start)
    server.serve()
    return 0


def _connections() -> int:
    """How many connections a process takes, by the files that it may have open.

    Workers inherit the limit that is raised here.
    """
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS_MAX + FILES_BESIDES  # as many websockets besides
    files = max(files, wanted if most == resource.RLIM_INFINITY else min(wanted, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(1, min(CONNECTIONS_MAX, (files - FILES_BESIDES) // 2))


def desk() -> "ASGIApp":
    """The ASGI application, made in the worker."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the process above tells us when to end
    Thread(target=_end_with_the_process_above, daemon=True).start()
    begin_log(get_settings().log_level)
    from ticket_app.ticket_app import app  # noqa: PLC0415  # only the worker needs Reflex

    application: ASGIApp = app()
    one_way_out()
    _collect_garbage_seldom()
    return application


def _end_with_the_process_above() -> None:
    """A worker whose parent was killed would keep the port, and no desk could be started again."""
    above = multiprocessing.parent_process()
    if above is not None:
        above.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _collect_garbage_seldom() -> None:
    """What is there by now stays: to look through all of it again and again made one request in a
    hundred wait for a quarter of a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


async def announce() -> None:
    """Say the address once the server answers at it."""
    settings = get_settings()
    shown = "localhost" if settings.host in LOCAL else settings.host
    host = "localhost" if settings.host in EVERY_ADDRESS else settings.host.strip("[]")
    for _ in range(TRIES):
        if await _answers(host, settings.port):
            say(f"The desk is open at http://{shown}:{settings.port} (Ctrl-C closes it)")
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
