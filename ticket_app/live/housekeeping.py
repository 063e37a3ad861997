"""Housekeeping in the background: each task runs again and again, in small steps."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from random import uniform

from ticket_app.actor import by_command
from ticket_app.errors import DatabaseUnavailableError, StorageUnavailableError
from ticket_app.services.conversation.attachments.cleaning import (
    FOLDERS,
    expire_unsent,
    list_stray_files,
    remove_loose_files,
)
from ticket_app.services.conversation.drafts.saving import expire_drafts
from ticket_app.services.conversation.holding import release_due
from ticket_app.services.erasing.news import last_erasing, tell_of_erasings
from ticket_app.services.followers.notifications import remove_old
from ticket_app.services.people import identity
from ticket_app.services.people.accounts.invitations import expire_links
from ticket_app.services.people.api_tokens.bearer import record_token_uses
from ticket_app.services.people.api_tokens.issuing import expire_tokens
from ticket_app.services.people.sessions import expire_sessions
from ticket_app.services.people.signing_in.code_step import expire_steps
from ticket_app.services.people.signing_in.sign_in import expire_failures
from ticket_app.services.tickets.assigning.handing_on import hand_on
from ticket_app.services.tickets.keys import expire_idempotency_keys
from ticket_app.services.tickets.requesters import link_requesters

log = logging.getLogger(__name__)

DRAFTS_SECONDS = 600.0
KEYS_SECONDS = 600.0
LINKS_SECONDS = 30.0
NOTIFICATIONS_SECONDS = 600.0
SIGN_INS_SECONDS = 600.0
USES_SECONDS = 20.0
ERASINGS_SECONDS = 2.0
LOOSE_FILES_SECONDS = 20.0
STRAY_FILES_SECONDS = 300.0
"""All folders of files are looked through within some 21 hours."""
HANDOVERS_SECONDS = 2.0
RELEASING_SECONDS = 0.7
PAUSE_SECONDS = 0.5
"""Pause between two steps while there is more to do, so that other writers come first."""


@asynccontextmanager
async def expiring_drafts() -> AsyncIterator[None]:
    """During the block, delete drafts that nobody has changed for long every DRAFTS_SECONDS or
    so."""
    async with _repeating(lambda: expire_drafts(by_command()), DRAFTS_SECONDS):
        yield


@asynccontextmanager
async def expiring_keys() -> AsyncIterator[None]:
    """During the block, delete idempotency keys older than a day every KEYS_SECONDS or so, so that
    their table holds only a day's keys."""
    async with _repeating(lambda: expire_idempotency_keys(by_command()), KEYS_SECONDS):
        yield


@asynccontextmanager
async def linking_requesters() -> AsyncIterator[None]:
    """During the block, link tickets to their requesters every LINKS_SECONDS or so."""
    after = 0

    def link() -> bool:
        nonlocal after
        after = link_requesters(by_command(), after)
        return after > 0

    async with _repeating(link, LINKS_SECONDS):
        yield


@asynccontextmanager
async def removing_notifications() -> AsyncIterator[None]:
    """During the block, delete old notifications every NOTIFICATIONS_SECONDS or so."""
    after = 0

    def remove() -> bool:
        nonlocal after
        after = remove_old(by_command(), after)
        return after > 0

    async with _repeating(remove, NOTIFICATIONS_SECONDS):
        yield


@asynccontextmanager
async def expiring_sign_ins() -> AsyncIterator[None]:
    """During the block, delete expired sessions, sign-ins that wait for a code, links and API
    tokens, and old counts of failed sign-ins, every SIGN_INS_SECONDS or so."""
    steps = (expire_sessions, expire_steps, expire_failures, expire_links, expire_tokens)

    def expire() -> bool:
        more = [step(by_command()) for step in steps]
        return any(more)

    async with _repeating(expire, SIGN_INS_SECONDS):
        yield


@asynccontextmanager
async def recording_uses() -> AsyncIterator[None]:
    """During the block, record every USES_SECONDS or so which sessions and tokens are used."""

    def record() -> bool:
        more = [identity.record_uses(by_command()), record_token_uses(by_command())]
        return any(more)

    async with _repeating(record, USES_SECONDS):
        yield


@asynccontextmanager
async def cleaning_attachments() -> AsyncIterator[None]:
    """During the block, delete attachments that were never sent and remove files that nothing needs
    every LOOSE_FILES_SECONDS or so, and look through one folder every STRAY_FILES_SECONDS or so."""
    folders = cycle(FOLDERS)

    def clean() -> bool:
        more = [expire_unsent(by_command()), remove_loose_files(by_command())]
        return any(more)

    def look() -> bool:
        list_stray_files(by_command(), next(folders))
        return False

    async with _repeating(clean, LOOSE_FILES_SECONDS), _repeating(look, STRAY_FILES_SECONDS):
        yield


@asynccontextmanager
async def telling_of_erasings() -> AsyncIterator[None]:
    """During the block, tell open pages every ERASINGS_SECONDS or so which tickets a command has
    erased."""
    last: int | None = None

    def tell() -> bool:
        nonlocal last
        last = last_erasing(by_command()) if last is None else tell_of_erasings(by_command(), last)
        return False

    async with _repeating(tell, ERASINGS_SECONDS):
        yield


@asynccontextmanager
async def handing_on_tickets() -> AsyncIterator[None]:
    """During the block, hand on the open tickets of people who have left the team, every
    HANDOVERS_SECONDS or so."""
    async with _repeating(lambda: hand_on(by_command()) > 0, HANDOVERS_SECONDS):
        yield


@asynccontextmanager
async def releasing_messages() -> AsyncIterator[None]:
    """During the block, post the held messages that are due, every RELEASING_SECONDS or so."""
    async with _repeating(lambda: release_due(by_command()), RELEASING_SECONDS):
        yield


@asynccontextmanager
async def _repeating(step: Callable[[], bool], interval: float) -> AsyncIterator[None]:
    """During the block, call `step` every `interval` seconds or so, in a thread. While it returns
    True it is called again after PAUSE_SECONDS."""
    task = asyncio.create_task(_repeat(step, interval))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _repeat(step: Callable[[], bool], interval: float) -> None:
    pause = interval
    while True:
        # Jitter, so that processes which start together do not run together.
        await asyncio.sleep(pause * uniform(0.5, 1.5))  # noqa: S311  # no secret
        pause = interval
        try:
            if await asyncio.to_thread(step):
                pause = PAUSE_SECONDS
        except DatabaseUnavailableError:
            log.warning("housekeeping waits until the database answers")
        except StorageUnavailableError:
            log.warning("housekeeping waits until the folder of the attachments can be used")
        except Exception:
            # The edge of a background task: it runs again after the interval.
            log.exception("housekeeping failed")
