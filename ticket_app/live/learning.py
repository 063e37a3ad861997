"""Learning in the background: a child process learns, and each server loads the new models."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import uniform

from ticket_app.actor import by_triage
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.triage.learning import Seen, fields_due, refresh_models
from ticket_app.settings import ROOT

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "ticket_app", "triage", "learn", "--due")
FIRST_RUN_SECONDS = 60.0
SPREAD_SECONDS = 60.0
"""Jitter: of processes that start together, a later one finds that another one learns already."""
INTERVAL_SECONDS = 3600.0
REFRESH_SECONDS = 30.0
RUN_SECONDS = 600.0
STOP_SECONDS = 1.0
"""The server has 5 s to end, and its child processes must end within them."""

LOWEST_PRIORITY = 19
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@asynccontextmanager
async def learning() -> AsyncIterator[None]:
    """During the block, use the newest models, and learn when there are enough new decisions."""
    tasks = [asyncio.create_task(_follow()), asyncio.create_task(_learn())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow() -> None:
    seen: Seen = {}
    while True:
        try:
            seen = await asyncio.to_thread(refresh_models, by_triage(), seen)
        except DatabaseUnavailableError:
            log.warning("the models in use stay as they are until the database answers")
        except Exception:
            # The edge of a background task: this process keeps the models that it has.
            log.exception("the models in use could not be read")
        await asyncio.sleep(REFRESH_SECONDS)


async def _learn() -> None:
    await asyncio.sleep(FIRST_RUN_SECONDS + uniform(0, SPREAD_SECONDS))  # noqa: S311  # no secret
    while True:
        try:
            if await asyncio.to_thread(fields_due, by_triage()):
                await _run()
        except DatabaseUnavailableError:
            log.warning("nothing is learned until the database answers")
        except Exception:
            # The edge of a background task: it runs again after the interval.
            log.exception("nothing could be learned")
        await asyncio.sleep(INTERVAL_SECONDS)


async def _run() -> None:
    """Run the command for RUN_SECONDS at most. Cancellation ends the child process, too."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        cwd=ROOT,
        env=os.environ | ONE_CORE,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        with suppress(ProcessLookupError):  # it may have ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, LOWEST_PRIORITY)
        async with asyncio.timeout(RUN_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        log.warning("learning was stopped: it took more than %d seconds", RUN_SECONDS)
    else:
        level = logging.WARNING if process.returncode else logging.INFO
        log.log(level, "learning ended (%s): %s", process.returncode, said.decode(errors="replace"))
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
