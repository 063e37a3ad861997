"""Improves the triage of filed tickets: leases tickets, calls the provider, stores its answers.

The queue of waiting tickets is a table of jobs. A lease moves the due time of a job beyond the
deadline of a call. Several processes share the queue, and the lease of a killed process expires.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import uniform
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.bus import Change, bus
from ticket_app.data.engine import write_transaction
from ticket_app.data.tickets import queries
from ticket_app.data.tickets.tables import Ticket
from ticket_app.data.triage import jobs
from ticket_app.data.triage.tables import TriageJob
from ticket_app.services.people.permission import Verb, require, scope_of
from ticket_app.services.tickets.recording import (
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
    SCORES,
    CallOutcome,
    CallPurpose,
    DecidedBy,
    EventKind,
    TriageField,
    TriageScope,
    TriageStatus,
)

log = logging.getLogger(__name__)

LEASE_MARGIN_SECONDS = 5.0
"""Added to the deadline of a call, so that a busy machine has time to store the answer."""

PAUSE_SECONDS = 10.0
PAUSE_SECONDS_MAX = 600.0
"""Bounds of the exponential backoff between two calls for one ticket."""
BAD_ANSWERS_MAX = 3
FAILURES_MAX = 500
"""Calls for one ticket. At PAUSE_SECONDS_MAX between them they last some three and a half days."""

BAD_ANSWERS = ABOUT_THE_TEXT | {CallOutcome.UNEXPECTED}
"""Outcomes that another call about the same text would repeat, at a cost."""

NOT_COUNTED = NOT_ASKED | {CallOutcome.CANCELLED}
"""Outcomes that say nothing about the ticket. They do not count as failures."""


class Lease(NamedTuple):
    """A lease on the job of a ticket, with the ticket's text at that time.

    `attempt` is the job's number of leases so far; a later lease has another number.
    """

    ticket_id: int
    attempt: int
    title: str
    description: str


async def useful_calls(actor: Actor, most: int) -> int:
    """Returns how many of `most` calls are worth starting now.

    Returns 0 without a provider, while its circuit breaker is open, or when the budget is spent;
    and 1 while the breaker is half open, as a probe.
    """
    require(actor, Verb.OPERATE)
    choice = get_settings().provider
    if choice is None:
        return 0
    breaker = engine.background_breaker(choice).state
    if breaker == "open" or await Ledger(CallPurpose.IMPROVE).refusal(choice) is not None:
        return 0
    return 1 if breaker == "half_open" else most


def lease_tickets(actor: Actor, most: int) -> list[Lease]:
    """Leases up to `most` waiting tickets; those that have been due longest come first."""
    require(actor, Verb.OPERATE)
    duration = timedelta(seconds=get_settings().ai_background_seconds + LEASE_MARGIN_SECONDS)
    with write_transaction() as session:
        now = datetime.now(UTC)
        return [
            _lease_job(job, ticket, now + duration)
            for job, ticket in jobs.lock_due_jobs(session, now, limit=most)
        ]


async def improve_ticket(actor: Actor, lease: Lease) -> None:
    """Calls the provider about a leased ticket and stores its answer.

    If the provider fails, the offline engine's values stay, and the lease is released with backoff.
    A value that a person set stays. An answer about an outdated text is discarded.
    """
    require(actor, Verb.OPERATE)
    answer = await engine.triage(
        lease.description,
        lease.title,
        purpose=CallPurpose.IMPROVE,
        deadline_seconds=get_settings().ai_background_seconds,
        journal=Ledger(CallPurpose.IMPROVE, lease.ticket_id),
    )
    if answer.failure is None:
        await asyncio.to_thread(_apply_answer, actor, lease, answer)
    else:
        await asyncio.to_thread(release_with_backoff, actor, lease, CallOutcome(answer.failure))


def release_with_backoff(actor: Actor, lease: Lease, reason: CallOutcome) -> None:
    """Releases a lease after a failed call; the ticket is due again after an exponential backoff.

    After BAD_ANSWERS_MAX bad answers or FAILURES_MAX failures the ticket waits no longer and its
    triage status becomes FAILED.
    """
    require(actor, Verb.OPERATE)
    with write_transaction() as session:
        if (leased := _still_leased(session, actor, lease)) is None:
            return
        ticket, job = leased
        job.failures += reason not in NOT_COUNTED
        job.bad_answers += reason in BAD_ANSWERS
        given_up = job.bad_answers >= BAD_ANSWERS_MAX or job.failures >= FAILURES_MAX
        if given_up:
            settle_triage(session, ticket, TriageStatus.FAILED)
        else:
            job.due_at = datetime.now(UTC) + _backoff(job.failures)
    if given_up:
        log.warning("ticket %d keeps the rules' values: %s", lease.ticket_id, reason)
        bus.publish(Change(lease.ticket_id, EventKind.CHANGED, frozenset({"triage_status"})))


def release(actor: Actor, leases: list[Lease]) -> None:
    """Releases leases whose calls were not made. Their tickets are due now, for any process."""
    require(actor, Verb.OPERATE)
    for lease in leases:
        with write_transaction() as session:
            if (leased := _still_leased(session, actor, lease)) is not None:
                leased.job.due_at = datetime.now(UTC)


def stop_waiting(actor: Actor) -> int:
    """Ends the waiting of every ticket with the offline engine's answer; returns how many.

    A desk needs it after its provider was removed from the settings.
    """
    require(actor, Verb.OPERATE)
    stopped = 0
    while True:
        with write_transaction() as session:
            waiting = jobs.some_waiting(session)
            for ticket in waiting:
                settle_triage(session, ticket, TriageStatus.DONE)
        stopped += len(waiting)
        if len(waiting) < jobs.SETTLED_AT_ONCE:
            return stopped


def _lease_job(job: TriageJob, ticket: Ticket, due_at: datetime) -> Lease:
    job.attempts += 1
    job.due_at = due_at
    return Lease(job.ticket_id, job.attempts, ticket.title, ticket.description)


class _Leased(NamedTuple):
    ticket: Ticket
    job: TriageJob


def _still_leased(session: Session, actor: Actor, lease: Lease) -> _Leased | None:
    """Locks and returns the ticket and its job.

    Returns None if another process has leased the job since, or the ticket's text has changed.
    """
    ticket = queries.lock_ticket(session, lease.ticket_id, scope_of(actor))
    job = jobs.lock_job(session, lease.ticket_id)
    if ticket is None or job is None or job.attempts != lease.attempt:
        return None
    if (ticket.title, ticket.description) != (lease.title, lease.description):
        return None
    return _Leased(ticket, job)


def _apply_answer(actor: Actor, lease: Lease, answer: Triage) -> None:
    actor = replace(actor, at=datetime.now(UTC))  # the call may have taken a minute
    with write_transaction() as session:
        if (leased := _still_leased(session, actor, lease)) is None:
            return
        ticket, job = leased
        now = moment_of_change(ticket, actor)
        record_suggestions(session, ticket, answer, now)
        wanted = {field.value: getattr(answer, field).value for field in _settable(ticket, job)}
        changes = differences(ticket, wanted)
        record_changes(session, ticket, changes, actor, now)
        ticket.engine = answer.engine
        settle_triage(session, ticket, TriageStatus.DONE)
    fields = frozenset({"triage_status", *changes})
    bus.publish(Change(lease.ticket_id, EventKind.CHANGED, fields))


def _settable(ticket: Ticket, job: TriageJob) -> frozenset[TriageField]:
    """Returns the fields that a provider may set, which are never those that a person set."""
    fields = SCORES
    if job.scope == TriageScope.ALL:
        if ticket.category_by == DecidedBy.TRIAGE:
            fields |= {TriageField.CATEGORY}
        if ticket.priority_by == DecidedBy.TRIAGE:
            fields |= {TriageField.PRIORITY}
    return fields


def _backoff(failures: int) -> timedelta:
    """Returns an exponential backoff, with 25 % of jitter to spread the calls of many tickets."""
    seconds = min(PAUSE_SECONDS * 2.0 ** min(max(0, failures - 1), 10), PAUSE_SECONDS_MAX)
    return timedelta(seconds=seconds * uniform(0.75, 1.25))  # noqa: S311  # no secret
