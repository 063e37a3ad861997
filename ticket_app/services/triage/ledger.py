"""The ledger: every call to an AI provider is written down, and the day's budget is kept."""

import asyncio
import atexit
import logging
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple

from ticket_app.data.engine import reading, writing
from ticket_app.data.triage.ledger import spent_since
from ticket_app.data.triage.tables import TriageCall
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.triage.write_behind import WriteBehind
from ticket_app.settings import ProviderChoice, get_settings
from ticket_app.triage.calls import Call
from ticket_app.triage.provider import dearest_call
from ticket_app.vocabulary import CallOutcome, CallPurpose

NANO = 1_000_000_000
FLUSH_SECONDS = 10.0

log = logging.getLogger(__name__)
_refused_in: dict[tuple[str, CallOutcome, CallPurpose], datetime] = {}
"""The last minute for which a refusal was written down."""
_refusals = Lock()


class _Kept(NamedTuple):
    call: Call
    purpose: CallPurpose
    ticket_id: int | None


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
        """Write the call down soon.

        Anybody can have calls refused, as many as they like: one a minute is written down of each
        engine, reason and purpose. With too many lines waiting, the log gets this one.
        """
        if call.attempt == 0 and not _is_first_of_its_minute(call, self._purpose):
            return
        if not _lines.add(_Kept(call, self._purpose, self._ticket_id)):
            log.error("the ledger is behind; not written down: %s %s", call.engine, call.outcome)


def spent_today(unknown: float = 0.0) -> float:
    """US dollars that this UTC day's calls cost; `unknown` is what one of unknown cost counts."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with reading() as session:
        spent = spent_since(session, midnight)
    return spent.nano_usd / NANO + spent.unknown * unknown


def flush(seconds: float | None = None) -> None:
    """Wait until what was kept so far is written or lost: FLUSH_SECONDS at most, unless given.

    What still waits then is given up, and the log says how much.
    """
    left = _lines.flush(FLUSH_SECONDS if seconds is None else seconds)
    if left:
        log.error("the ledger could not be written in time; up to %d calls are missing", left)


def _is_first_of_its_minute(call: Call, purpose: CallPurpose) -> bool:
    refusal = (call.engine, call.outcome, purpose)
    minute = call.started_at.replace(second=0, microsecond=0)
    with _refusals:
        if _refused_in.get(refusal) == minute:
            return False
        _refused_in[refusal] = minute
        return True


def _write(lines: list[_Kept]) -> None:
    what = ", ".join(sorted({f"{line.call.engine} {line.call.outcome}" for line in lines}))
    try:
        with writing() as session:
            session.add_all([_line(*kept) for kept in lines])
    except DatabaseUnavailableError:
        log.error("the database is away; %d calls not written down: %s", len(lines), what)  # noqa: TRY400
    except Exception:
        # The edge of a background thread: a line lost is said, and the next one is tried.
        if len(lines) == 1:
            log.exception("not written down: %s", what)
            return
        for line in lines:  # what is wrong with one shall not cost the others
            _write([line])


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


_lines = WriteBehind("ledger", _write)
atexit.register(flush)
