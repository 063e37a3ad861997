"""The ledger: every call to an AI provider is written down, and the day's budget is kept."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache

from ticket_app.data.engine import reading, writing
from ticket_app.data.ledger_queries import spent_since
from ticket_app.data.tables import TriageCall
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.settings import ProviderChoice, get_settings
from ticket_app.triage.calls import Call
from ticket_app.triage.provider import dearest_call
from ticket_app.vocabulary import CallOutcome, CallPurpose

NANO = 1_000_000_000
WAITING_MAX = 1_000
FLUSH_SECONDS = 10.0

log = logging.getLogger(__name__)
_places = threading.BoundedSemaphore(WAITING_MAX)


class Ledger:
    """The journal of calls made for one purpose, and for one ticket if it is filed already.

    Lines are written behind the caller's back, in order: an answer does not wait for them, and a
    process that is killed may lose those of its last moments.
    """

    def __init__(self, purpose: CallPurpose, ticket_id: int | None = None) -> None:
        self._purpose, self._ticket_id = purpose, ticket_id

    async def refusal(self, choice: ProviderChoice) -> CallOutcome | None:
        """OVER_BUDGET once this UTC day's calls have cost AI_DAILY_BUDGET_USD.

        A budget that cannot be watched refuses, too: NO_PRICE for a model of unknown price,
        LEDGER_UNAVAILABLE while the database does not answer. A call that was sent, and whose cost
        the provider did not say, counts as the dearest that one can be; those under way do not
        count yet.
        """
        budget = get_settings().ai_daily_budget_usd
        if budget is None:
            return None
        dearest = await asyncio.to_thread(dearest_call, choice)
        if dearest is None:
            return CallOutcome.NO_PRICE
        try:
            spent = await asyncio.to_thread(spent_today, dearest)
        except DatabaseUnavailableError:
            return CallOutcome.LEDGER_UNAVAILABLE
        return CallOutcome.OVER_BUDGET if spent >= budget else None

    def keep(self, call: Call) -> None:
        """Write the call down soon. With WAITING_MAX lines waiting, the log gets this one."""
        if not _places.acquire(blocking=False):
            log.error("the ledger is behind; not written down: %s %s", call.engine, call.outcome)
            return
        _writer().submit(_write, call, self._purpose, self._ticket_id)


def spent_today(unknown: float = 0.0) -> float:
    """US dollars that this UTC day's calls cost; `unknown` is what one of unknown cost counts."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with reading() as session:
        spent = spent_since(session, midnight)
    return spent.nano_usd / NANO + spent.unknown * unknown


def flush() -> None:
    """Wait until what was kept so far is written, FLUSH_SECONDS at most (else TimeoutError)."""
    _writer().submit(lambda: None).result(timeout=FLUSH_SECONDS)


@lru_cache
def _writer() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")


def _write(call: Call, purpose: CallPurpose, ticket_id: int | None) -> None:
    try:
        with writing() as session:
            session.add(_line(call, purpose, ticket_id))
    except Exception:
        # The edge of a background thread: a line lost is said, and the next one is tried.
        log.exception("not written down: %s %s", call.engine, call.outcome)
    finally:
        _places.release()


def _line(call: Call, purpose: CallPurpose, ticket_id: int | None) -> TriageCall:
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
