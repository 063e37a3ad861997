"""The ledger: records every call to an AI provider, and enforces the day's budget."""

import asyncio
import atexit
import logging
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple

from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.triage.ledger import spent_since
from ticket_app.data.triage.tables import TriageCall
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.triage.write_behind import WriteBehind
from ticket_app.settings import ProviderChoice, get_settings
from ticket_app.triage.provider.calls import Call
from ticket_app.triage.provider.client import max_call_cost
from ticket_app.vocabulary import CallOutcome, CallPurpose

NANO = 1_000_000_000
"""Billionths in a US dollar: costs are stored as whole numbers."""
FLUSH_SECONDS = 10.0

log = logging.getLogger(__name__)
_refused_in: dict[tuple[str, CallOutcome, CallPurpose], datetime] = {}
"""The last minute in which a refusal of an engine, for a reason and purpose, was recorded."""
_refusals = Lock()


class _Entry(NamedTuple):
    call: Call
    purpose: CallPurpose
    ticket_id: int | None


class Ledger:
    """The journal of calls made for one purpose, and for one ticket if it is filed already.

    A write-behind queue stores the entries in order, so that an answer does not wait for them. A
    killed process may lose its last entries.
    """

    def __init__(self, purpose: CallPurpose, ticket_id: int | None = None) -> None:
        self._purpose, self._ticket_id = purpose, ticket_id

    async def refusal(self, choice: ProviderChoice) -> CallOutcome | None:
        """Returns why the budget refuses a call to this provider now, or None if it allows it.

        OVER_BUDGET: this UTC day's calls have cost AI_DAILY_BUDGET_USD. NO_PRICE: the price of the
        model is unknown. LEDGER_UNAVAILABLE: the database does not answer. A sent call of unknown
        cost counts as the most expensive call possible; calls in progress do not count yet.
        """
        budget = get_settings().ai_daily_budget_usd
        if budget is None:
            return None
        dearest = await asyncio.to_thread(max_call_cost, choice)
        if dearest is None:
            return CallOutcome.NO_PRICE
        try:
            spent = await asyncio.to_thread(spent_today, dearest)
        except DatabaseUnavailableError:
            return CallOutcome.LEDGER_UNAVAILABLE
        return CallOutcome.OVER_BUDGET if spent >= budget else None

    def record(self, call: Call) -> None:
        """Queues the call to be stored soon; a full queue logs it instead.

        Anybody can cause refusals in any number, so one a minute is recorded for each engine,
        reason and purpose.
        """
        if call.attempt == 0 and not _is_first_refusal_in_minute(call, self._purpose):
            return
        if not _queue.add(_Entry(call, self._purpose, self._ticket_id)):
            log.error(
                "the ledger's queue is full; call not stored: %s %s", call.engine, call.outcome
            )


def spent_today(unknown: float = 0.0) -> float:
    """Returns the cost of this UTC day's calls in US dollars.

    `unknown` is the cost to count for a call whose cost is not known.
    """
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with read_transaction() as session:
        spent = spent_since(session, midnight)
    return spent.nano_usd / NANO + spent.unknown * unknown


def flush(seconds: float | None = None) -> None:
    """Waits until the queued entries are stored or lost, for `seconds` (default FLUSH_SECONDS).

    The entries that still wait then are dropped, and their number is logged.
    """
    left = _queue.flush(FLUSH_SECONDS if seconds is None else seconds)
    if left:
        log.error("the ledger could not be written in time; up to %d calls are missing", left)


def _is_first_refusal_in_minute(call: Call, purpose: CallPurpose) -> bool:
    refusal = (call.engine, call.outcome, purpose)
    minute = call.started_at.replace(second=0, microsecond=0)
    with _refusals:
        if _refused_in.get(refusal) == minute:
            return False
        _refused_in[refusal] = minute
        return True


def _write(batch: list[_Entry]) -> None:
    calls = ", ".join(sorted({f"{entry.call.engine} {entry.call.outcome}" for entry in batch}))
    try:
        with write_transaction() as session:
            session.add_all([_row(*entry) for entry in batch])
    except DatabaseUnavailableError:
        log.error("the database does not answer; %d calls not stored: %s", len(batch), calls)  # noqa: TRY400
    except Exception:
        # The edge of a background thread: it logs a lost entry and goes on with the next.
        if len(batch) == 1:
            log.exception("call not stored: %s", calls)
            return
        for entry in batch:  # one faulty entry must not lose the others
            _write([entry])


def _row(call: Call, purpose: CallPurpose, ticket_id: int | None) -> TriageCall:
    cost = call.usage.cost_usd
    return TriageCall(
        ticket_id=ticket_id,
        purpose=purpose,
        engine=call.engine,
        model=call.model,
        prompt_version=call.prompt_version,
        input_hash=call.input_hash,
        attempt=call.attempt,
        outcome=call.outcome,
        latency_ms=call.latency_ms,
        input_tokens=call.usage.input_tokens,
        output_tokens=call.usage.output_tokens,
        cost_nano_usd=None if cost is None else round(cost * NANO),
        created_at=call.started_at,
    )


_queue = WriteBehind("ledger", _write)
atexit.register(flush)
