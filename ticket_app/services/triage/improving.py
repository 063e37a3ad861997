"""Letting a provider improve the triage of filed tickets: take a few that wait, ask, write down.

A ticket that waits has a job in the database. Taking a job puts off when it is due next, beyond the
time that asking may last: several processes share the work, and what a killed one had taken comes
up again by itself.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from random import uniform
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.bus import Change, bus
from ticket_app.data.engine import writing
from ticket_app.data.tickets import queries
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage import jobs
from ticket_app.data.triage.tables import TriageJob
from ticket_app.services.tickets.recording import (
    SCORES,
    differences,
    moment_of_change,
    record_changes,
    record_suggestions,
    settle_triage,
)
from ticket_app.services.triage.ledger import Ledger
from ticket_app.settings import get_settings
from ticket_app.triage import engine
from ticket_app.triage.contract import Triage
from ticket_app.vocabulary import (
    ABOUT_THE_TEXT,
    NOT_ASKED,
    CallOutcome,
    CallPurpose,
    DecidedBy,
    Edge,
    TriageField,
    TriageScope,
    TriageStatus,
)

log = logging.getLogger(__name__)

LEASE_MARGIN_SECONDS = 5.0
"""Beyond the deadline of a call: for writing its answer down on a busy machine."""

PAUSE_SECONDS = 10.0
PAUSE_SECONDS_MAX = 600.0
BAD_ANSWERS_MAX = 3
FAILURES_MAX = 500
"""Some three and a half days of asking, once the pauses have grown to PAUSE_SECONDS_MAX."""

HOPELESS = ABOUT_THE_TEXT | {CallOutcome.UNEXPECTED}
"""To ask on and on about this text would only cost money."""

UNTOLD = NOT_ASKED | {CallOutcome.CANCELLED}
"""What says nothing of the ticket: it waits on as if it had not been taken."""


class Claim(NamedTuple):
    """A ticket taken for asking about it, with its text as it stood then."""

    ticket_id: int
    attempt: int
    title: str
    description: str


async def useful_calls(most: int) -> int:
    """How many of so many calls it is of use to start now: none while the provider is left alone or
    the budget is spent, one to see whether the provider is back."""
    choice = get_settings().provider
    if choice is None:
        return 0
    breaker = engine.background_breaker(choice).state
    if breaker == "open" or await Ledger(CallPurpose.IMPROVE).refusal(choice) is not None:
        return 0
    return 1 if breaker == "half_open" else most


def claim_tickets(most: int) -> list[Claim]:
    """Take up to `most` tickets that wait, those that are due longest first."""
    lease = timedelta(seconds=get_settings().ai_background_seconds + LEASE_MARGIN_SECONDS)
    with writing() as session:
        now = datetime.now(UTC)
        return [
            _claimed(job, ticket, now + lease)
            for job, ticket in jobs.lock_due_jobs(session, now, limit=most)
        ]


async def improve_ticket(claim: Claim) -> None:
    """Ask the provider about a claimed ticket and take over its answer.

    When the provider fails the offline engine's values stay, and the ticket waits on, or is given
    up. A value that a person set stays, and an answer about a text that has changed since is not
    used.
    """
    answer = await engine.triage(
        claim.description,
        claim.title,
        purpose=CallPurpose.IMPROVE,
        deadline_seconds=get_settings().ai_background_seconds,
        journal=Ledger(CallPurpose.IMPROVE, claim.ticket_id),
    )
    if answer.failure is None:
        await asyncio.to_thread(_take_over, claim, answer)
    else:
        await asyncio.to_thread(put_back, claim, CallOutcome(answer.failure))


def put_back(claim: Claim, reason: CallOutcome) -> None:
    """Let a claimed ticket wait on, for longer each time; or give it up, where there is no hope."""
    with writing() as session:
        if (mine := _still_mine(session, claim)) is None:
            return
        ticket, job = mine
        job.failures += reason not in UNTOLD
        job.bad_answers += reason in HOPELESS
        given_up = job.bad_answers >= BAD_ANSWERS_MAX or job.failures >= FAILURES_MAX
        if given_up:
            settle_triage(session, ticket, TriageStatus.FAILED)
        else:
            job.due_at = datetime.now(UTC) + _pause(job.failures)
    if given_up:
        log.warning("ticket %d keeps the rules' values: %s", claim.ticket_id, reason)
        bus.publish(Change(claim.ticket_id))


def release(claims: list[Claim]) -> None:
    """Give back what was taken and not asked about: it is due now, for whoever comes."""
    for claim in claims:
        with writing() as session:
            if (mine := _still_mine(session, claim)) is not None:
                mine.job.due_at = datetime.now(UTC)


def stop_waiting() -> int:
    """Let the offline engine's answer be the last word on every ticket that waits; how many.

    For a desk whose provider was taken away.
    """
    stopped = 0
    while True:
        with writing() as session:
            waiting = jobs.some_waiting(session)
            for ticket in waiting:
                settle_triage(session, ticket, TriageStatus.DONE)
        stopped += len(waiting)
        if len(waiting) < jobs.SETTLED_AT_ONCE:
            return stopped


def _claimed(job: TriageJob, ticket: Ticket, due_at: datetime) -> Claim:
    job.attempts += 1
    job.due_at = due_at
    return Claim(job.ticket_id, job.attempts, ticket.title, ticket.description)


class _Mine(NamedTuple):
    ticket: Ticket
    job: TriageJob


def _still_mine(session: Session, claim: Claim) -> _Mine | None:
    """The claim's ticket and job, locked; None if another took it since, or its text changed."""
    ticket = queries.lock_ticket(session, claim.ticket_id)
    job = jobs.lock_job(session, claim.ticket_id)
    if ticket is None or job is None or job.attempts != claim.attempt:
        return None
    if (ticket.title, ticket.description) != (claim.title, claim.description):
        return None
    return _Mine(ticket, job)


def _take_over(claim: Claim, answer: Triage) -> None:
    with writing() as session:
        if (mine := _still_mine(session, claim)) is None:
            return
        ticket, job = mine
        now = moment_of_change(ticket)
        record_suggestions(session, ticket, answer, now)
        wanted = {field.value: getattr(answer, field).value for field in _open(ticket, job)}
        record_changes(session, ticket, differences(ticket, wanted), Edge.TRIAGE, now)
        ticket.engine = answer.engine
        settle_triage(session, ticket, TriageStatus.DONE)
    bus.publish(Change(claim.ticket_id))


def _open(ticket: Ticket, job: TriageJob) -> frozenset[TriageField]:
    """The fields that a provider may set: never one that a person has."""
    left = SCORES
    if job.scope == TriageScope.ALL:
        if ticket.category_by == DecidedBy.TRIAGE:
            left |= {TriageField.CATEGORY}
        if ticket.priority_by == DecidedBy.TRIAGE:
            left |= {TriageField.PRIORITY}
    return left


def _pause(failures: int) -> timedelta:
    """Twice as long each time, and never the same for all that wait."""
    seconds = min(PAUSE_SECONDS * 2.0 ** min(max(0, failures - 1), 10), PAUSE_SECONDS_MAX)
    return timedelta(seconds=seconds * uniform(0.75, 1.25))  # noqa: S311  # no secret
