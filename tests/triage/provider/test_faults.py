"""Every failure of a provider, in each one's wire format and with LiteLLM's client."""

import asyncio
import logging
import time

import pytest

from harness.fake_provider import HUGE_BYTES, PROVIDERS, FakeProvider, Script, closed_port_url
from tests.triage.conftest import KEY, Configure
from tests.triage.journal import MemoryJournal
from ticket_app.triage.contract import Triage
from ticket_app.triage.engine import provider_state, triage
from ticket_app.triage.offline import triage_offline
from ticket_app.triage.provider import attempts, loop, transport
from ticket_app.triage.provider.client import load_litellm
from ticket_app.vocabulary import CallPurpose

TEXT = "I was charged after I cancelled, says Wilhelmina Quagmire."
DEADLINE = 0.8
"""Seconds for a provider that never answers. Other providers have TIME_ENOUGH, because a slow
machine must not cause a timeout."""
TIME_ENOUGH = 20.0
LATE = 5.0
ENDLESS = {Script.HANG, Script.DRIP}
FAULTS = {
    Script.WRONG_ENUM: "invalid_answer",
    Script.MISSING_FIELD: "invalid_answer",
    Script.OUT_OF_RANGE: "invalid_answer",
    Script.EMPTY: "invalid_answer",
    Script.TRUNCATED: "invalid_answer",
    Script.NOT_JSON_AT_ALL: "invalid_answer",
    Script.INVALID_UTF8: "invalid_answer",
    Script.REFUSAL: "refused",
    Script.UNAUTHORIZED: "auth",
    Script.FORBIDDEN: "auth",
    Script.UNKNOWN_MODEL: "bad_request",
    Script.REDIRECT: "bad_request",
    Script.RATE_LIMITED: "rate_limited",
    Script.RATE_LIMITED_FOR_LONG: "rate_limited",
    Script.SERVER_ERROR: "server_error",
    Script.UNAVAILABLE: "server_error",
    Script.HANG: "timeout",
    Script.DRIP: "timeout",
    Script.RESET: "unreachable",
    Script.HUGE: "too_large",
    Script.HUGE_UNANNOUNCED: "too_large",
    Script.GZIPPED: "too_large",
    Script.GZIPPED_UNAVAILABLE: "server_error",
    Script.NESTED: "too_large",
}
TRIED_AGAIN = {
    Script.RATE_LIMITED,
    Script.SERVER_ERROR,
    Script.UNAVAILABLE,
    Script.GZIPPED_UNAVAILABLE,
    Script.RESET,
}


@pytest.fixture(scope="module", autouse=True)
def litellm_is_loaded() -> None:
    """Import LiteLLM first: it takes seconds, which the deadlines must not include."""
    load_litellm()


def timed_triage(journal: MemoryJournal, seconds: float = DEADLINE) -> tuple[Triage, float]:
    """Returns the triage, and the seconds that it took."""

    async def timed() -> tuple[Triage, float]:
        started = time.perf_counter()
        answer = await triage(
            TEXT, purpose=CallPurpose.SUGGEST, deadline_seconds=seconds, journal=journal
        )
        return answer, time.perf_counter() - started

    return asyncio.run(timed())


def assert_offline(answer: Triage, reason: str) -> None:
    rules = triage_offline(TEXT)
    assert answer.failure == reason
    fields = {"category", "priority", "sentiment", "urgency_score", "title", "engine", "model"}
    assert answer.model_dump(include=fields) == rules.model_dump(include=fields)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("script", FAULTS)
def test_a_fault_gives_the_rules_answer_in_time_is_written_down_and_leaks_nothing(  # noqa: PLR0917
    name: str,
    script: Script,
    configure: Configure,
    journal: MemoryJournal,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempts, "FIRST_PAUSE_SECONDS", 0.02)
    seconds = DEADLINE if script in ENDLESS else TIME_ENOUGH
    caplog.set_level(logging.DEBUG)
    reason = FAULTS[script]
    if (name, script) == ("ollama", Script.REFUSAL):
        reason = "invalid_answer"  # its protocol cannot express a refusal
    with FakeProvider(script) as fake:
        configure(name, fake.base_url)
        answer, taken = timed_triage(journal, seconds)
    assert_offline(answer, reason)
    assert taken < seconds + LATE
    assert journal.outcomes[-1] == reason
    assert len(fake.received) == len(journal.calls)
    assert (len(fake.received) > 1) <= (script in TRIED_AGAIN)
    assert provider_state().last_failure == reason
    assert f"reason={reason}" in caplog.text
    written = caplog.text + "".join(capfd.readouterr())
    assert KEY not in written
    assert "Quagmire" not in written
    assert "support desk" not in written


def test_a_call_ends_at_its_deadline_also_where_nobody_is_free_to_look_at_the_clock(
    configure: Configure, journal: MemoryJournal
) -> None:
    def hold_up() -> None:
        asyncio.run_coroutine_threadsafe(blocked(), loop._loop())

    async def blocked() -> None:
        time.sleep(DEADLINE)  # noqa: ASYNC251  # as on a busy machine

    with FakeProvider(Script.DRIP, during_call=hold_up) as fake:
        configure("openai", fake.base_url)
        answer, _ = timed_triage(journal)
    assert answer.failure == "timeout"
    deadline = time.monotonic() + 30
    while not journal.calls:
        assert time.monotonic() < deadline
    assert journal.outcomes == ["timeout"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_that_is_not_there(
    name: str, configure: Configure, journal: MemoryJournal
) -> None:
    configure(name, closed_port_url())
    answer, _ = timed_triage(journal)
    assert_offline(answer, "unreachable")
    assert set(journal.outcomes) == {"unreachable"}


@pytest.mark.parametrize("script", [Script.HUGE, Script.HUGE_UNANNOUNCED])
def test_a_huge_answer_is_not_read(
    script: Script, configure: Configure, journal: MemoryJournal
) -> None:
    with FakeProvider(script) as fake:
        configure("openai", fake.base_url)
        timed_triage(journal)
        # Bytes in the kernel's buffers are sent and not read.
        assert fake.sent < HUGE_BYTES / 3
    assert transport.ANSWER_BYTES < HUGE_BYTES / 3


@pytest.mark.parametrize("name", PROVIDERS)
def test_tokens_and_cost_are_what_the_provider_counted(
    name: str, configure: Configure, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeProvider() as fake:
        configure(name, fake.base_url)
        answer, _ = timed_triage(journal)
    assert answer.failure is None
    (call,) = journal.calls
    assert call.usage[:2] == (10, 10)
    assert call.usage.cost_usd is not None
    assert (call.usage.cost_usd > 0) == (name != "ollama")
    assert len(call.input_hash) == 64
