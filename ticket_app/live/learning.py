"""Learning in the background: a process of its own learns, and each server follows what it did."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import uniform

from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.triage.learning import Seen, fields_due, refresh_models
from ticket_app.settings import ROOT

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "ticket_app", "triage", "learn", "--due")
FIRST_LOOK_SECONDS = 60.0
SPREAD_SECONDS = 60.0
"""Processes that start together look one after the other: who comes later finds that one learns."""
LOOK_SECONDS = 3600.0
REFRESH_SECONDS = 30.0
RUN_SECONDS = 600.0
STOP_SECONDS = 1.0
"""The server has five seconds to end, in which all that it started must."""

LOWEST_PRIORITY = 19
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@asynccontextmanager
async def learning() -> AsyncIterator[None]:
    """While the block lasts, work with the newest models, and learn when enough was decided."""
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
            seen = await asyncio.to_thread(refresh_models, seen)
        except DatabaseUnavailableError:
            log.warning("the models in use stay as they are until the database answers")
        except Exception:
            # The edge of a background task: this process triages with the models that it has.
            log.exception("the models in use could not be read")
        await asyncio.sleep(REFRESH_SECONDS)


async def _learn() -> None:
    await asyncio.sleep(FIRST_LOOK_SECONDS + uniform(0, SPREAD_SECONDS))  # noqa: S311  # no secret
    while True:
        try:
            if await asyncio.to_thread(fields_due):
                await _run()
        except DatabaseUnavailableError:
            log.warning("nothing is learned until the database answers")
        except Exception:
            # The edge of a background task: the next look comes.
            log.exception("nothing could be learned")
        await asyncio.sleep(LOOK_SECONDS)


async def _run() -> None:
    """Run the command to its end, RUN_SECONDS at most; cancelled, it leaves nothing running."""
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
