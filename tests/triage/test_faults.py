"""Every way in which a provider can fail, with each one's own wire format and LiteLLM's client."""

import asyncio
import logging
import time

import pytest

from tests.triage.conftest import KEY, Configure
from tests.triage.fake_provider import HUGE_BYTES, PROVIDERS, FakeProvider, Script, refused_url
from tests.triage.journal import KeptCalls
from ticket_app.triage import asking, provider_loop, wire
from ticket_app.triage.contract import Triage
from ticket_app.triage.engine import provider_state, triage
from ticket_app.triage.offline import triage_offline
from ticket_app.triage.provider import load_litellm
from ticket_app.vocabulary import CallPurpose

TEXT = "I was charged after I cancelled, says Wilhelmina Quagmire."
DEADLINE = 0.8
"""Of a provider that would take for ever; others have TIME_ENOUGH, or a busy machine would be what
is measured."""
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
    Script.PACKED: "too_large",
    Script.PACKED_UNAVAILABLE: "server_error",
    Script.NESTED: "too_large",
}
TRIED_AGAIN = {
    Script.RATE_LIMITED,
    Script.SERVER_ERROR,
    Script.UNAVAILABLE,
    Script.PACKED_UNAVAILABLE,
    Script.RESET,
}


@pytest.fixture(scope="module", autouse=True)
def litellm_is_loaded() -> None:
    """Its import takes seconds, which are not what these deadlines measure."""
    load_litellm()


def ask(journal: KeptCalls, seconds: float = DEADLINE) -> tuple[Triage, float]:
    """The answer, and the seconds that it took."""

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
    told = {"category", "priority", "sentiment", "urgency_score", "title", "engine", "model"}
    assert answer.model_dump(include=told) == rules.model_dump(include=told)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("script", FAULTS)
def test_a_fault_gives_the_rules_answer_in_time_is_written_down_and_leaks_nothing(  # noqa: PLR0917
    name: str,
    script: Script,
    configure: Configure,
    journal: KeptCalls,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "FIRST_PAUSE_SECONDS", 0.02)
    seconds = DEADLINE if script in ENDLESS else TIME_ENOUGH
    caplog.set_level(logging.DEBUG)
    reason = FAULTS[script]
    if (name, script) == ("ollama", Script.REFUSAL):
        reason = "invalid_answer"  # its protocol has no word for a refusal
    with FakeProvider(script) as fake:
        configure(name, fake.base_url)
        answer, taken = ask(journal, seconds)
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
    configure: Configure, journal: KeptCalls
) -> None:
    def hold_up() -> None:
        asyncio.run_coroutine_threadsafe(blocked(), provider_loop._loop())

    async def blocked() -> None:
        time.sleep(DEADLINE)  # noqa: ASYNC251  # as a busy machine does

    with FakeProvider(Script.DRIP, meanwhile=hold_up) as fake:
        configure("openai", fake.base_url)
        answer, _ = ask(journal)
    assert answer.failure == "timeout"
    deadline = time.monotonic() + 30
    while not journal.calls:
        assert time.monotonic() < deadline
    assert journal.outcomes == ["timeout"]


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_that_is_not_there(name: str, configure: Configure, journal: KeptCalls) -> None:
    configure(name, refused_url())
    answer, _ = ask(journal)
    assert_offline(answer, "unreachable")
    assert set(journal.outcomes) == {"unreachable"}


@pytest.mark.parametrize("script", [Script.HUGE, Script.HUGE_UNANNOUNCED])
def test_a_huge_answer_is_not_read(
    script: Script, configure: Configure, journal: KeptCalls
) -> None:
    with FakeProvider(script) as fake:
        configure("openai", fake.base_url)
        ask(journal)
        # What the kernel's buffers hold was sent and not read.
        assert fake.sent < HUGE_BYTES / 3
    assert wire.ANSWER_BYTES < HUGE_BYTES / 3


@pytest.mark.parametrize("name", PROVIDERS)
def test_tokens_and_cost_are_what_the_provider_counted(
    name: str, configure: Configure, journal: KeptCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeProvider() as fake:
        configure(name, fake.base_url)
        answer, _ = ask(journal)
    assert answer.failure is None
    (call,) = journal.calls
    assert call.usage[:2] == (10, 10)
    assert call.usage.cost_usd is not None
    assert (call.usage.cost_usd > 0) == (name != "ollama")
    assert len(call.input_hash) == 64
