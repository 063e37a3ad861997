"""Providers' refusals, word for word: of the text, of the request's shape, of the account."""

import asyncio
import json
import time
from typing import Any

import pytest

from harness.fake_provider import FakeProvider, Script
from tests.triage.conftest import Configure
from tests.triage.journal import MemoryJournal
from tests.triage.provider import dialects
from tests.triage.provider.dialects import Dialect, openai_error, vllm_error
from ticket_app.triage.contract import Triage
from ticket_app.triage.engine import provider_state, triage
from ticket_app.triage.provider import attempts, client
from ticket_app.vocabulary import CallOutcome, CallPurpose

SAID = "I was charged after I cancelled."


@pytest.fixture(scope="module", autouse=True)
def litellm_is_loaded() -> None:
    """Import LiteLLM first: it takes seconds, which the deadlines must not include."""
    client.load_litellm()


def run_triage(journal: MemoryJournal, text: str = SAID, seconds: float = 20.0) -> Triage:
    return asyncio.run(
        triage(text, purpose=CallPurpose.SUGGEST, deadline_seconds=seconds, journal=journal)
    )


def body_of(fake: FakeProvider, place: int = -1) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(fake.received[place].body)
    return body


@pytest.mark.parametrize(
    ("name", "dialect", "refused", "left"),
    [
        ("openai", dialects.deepseek, 1, {"response_format": {"type": "json_object"}}),
        ("openai", dialects.azure_reasoning, 2, {"max_completion_tokens": 2_000}),
        ("openai", dialects.azure_old, 1, {"response_format": {"type": "json_object"}}),
        ("ollama", dialects.ollama_old, 1, {"format": "json"}),
        ("openai", dialects.vllm, 2, {"max_tokens": 2_000, "temperature": 0}),
        ("openai", dialects.vllm_small, 1, {"temperature": 0}),
        ("openai", dialects.llama_cpp, 1, {"response_format": {"type": "json_object"}}),
        ("openai", dialects.pydantic_server, 5, {}),
        ("openai", dialects.unspecific, 2, {"temperature": 0}),
        ("gemini", dialects.unspecific, 0, {}),
    ],
)
def test_a_shape_that_is_refused_is_made_simpler_and_remembered(  # noqa: PLR0917
    name: str,
    dialect: Dialect,
    refused: int,
    left: dict[str, Any],
    configure: Configure,
    journal: MemoryJournal,
) -> None:
    with FakeProvider(refuses=dialect) as fake:
        configure(name, fake.base_url)
        assert run_triage(journal).failure is None
        assert len(fake.received) == refused + 1
        assert [call.attempt for call in journal.calls] == list(range(1, refused + 2))
        assert journal.outcomes[-1] == "ok"
        assert set(journal.outcomes[:-1]) <= {"bad_request", "too_long"}
        assert body_of(fake).items() >= left.items()
        run_triage(journal, f"{SAID} Again.")
        assert len(fake.received) == refused + 2
        assert provider_state().interactive == "closed"


def test_who_is_told_no_schema_by_the_api_is_told_in_words(
    configure: Configure, journal: MemoryJournal
) -> None:
    with FakeProvider(refuses=dialects.deepseek) as fake:
        configure("openai", fake.base_url)
        run_triage(journal)
    with_schema, in_words = (body_of(fake, place)["messages"][0]["content"] for place in (0, 1))
    assert "urgency_score" not in with_schema.partition("quotes, copied")[2]
    assert '"urgency_score": {"type": "integer"}' in in_words


def test_one_model_s_shape_is_not_another_s(
    configure: Configure, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeProvider(refuses=dialects.deepseek) as fake:
        configure("openai", fake.base_url)
        run_triage(journal)
        monkeypatch.setenv("AI_MODEL", "another")
        configure("openai", fake.base_url)
        fake.refuses = lambda _request: None
        run_triage(journal)
    assert body_of(fake)["response_format"]["type"] == "json_schema"


def test_a_shape_that_did_not_help_is_not_remembered(
    configure: Configure, journal: MemoryJournal
) -> None:
    with FakeProvider(refuses=lambda _request: (400, {"error": "Bad Request"})) as fake:
        configure("openai", fake.base_url)
        assert run_triage(journal).failure == "bad_request"
        assert len(fake.received) == 3
        run_triage(journal)
    assert body_of(fake, 3)["response_format"]["type"] == "json_schema"


REFUSALS: list[tuple[str, int, object, str]] = [
    ("openai", *openai_error(400, "Content Exists Risk", "invalid_request_error"), "refused"),
    (
        "openai",
        *openai_error(
            400, "Invalid prompt: it was flagged.", "invalid_request_error", "invalid_prompt"
        ),
        "refused",
    ),
    (
        "openai",
        400,
        {"code": "data_inspection_failed", "message": "Input data may contain bad words."},
        "refused",
    ),
    (
        "openai",
        403,
        {"error": {"code": 403, "message": "requires moderation", "metadata": {"reasons": ["x"]}}},
        "refused",
    ),
    ("openai", *dialects.azure_filter({}), "refused"),  # type: ignore[misc]
    ("openai", *dialects.vllm_full({}), "too_long"),  # type: ignore[misc]
    ("openai", *dialects.llama_cpp_full({}), "too_long"),  # type: ignore[misc]
    (
        "anthropic",
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"},
        },
        "too_long",
    ),
    ("openai", 413, {"error": "Payload too large"}, "too_long"),
    (
        "openai",
        *openai_error(429, "You exceeded your quota.", "insufficient_quota", "insufficient_quota"),
        "quota",
    ),
    ("openai", *openai_error(402, "Insufficient Balance", "unknown_error"), "quota"),
    (
        "anthropic",
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the Anthropic API.",
            },
        },
        "quota",
    ),
    (
        "gemini",
        400,
        {
            "error": {
                "code": 400,
                "message": "API key not valid. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
                "details": [{"reason": "API_KEY_INVALID"}],
            }
        },
        "auth",
    ),
    (
        "openai",
        *openai_error(404, "The model `x` does not exist", "invalid_request", "model_not_found"),
        "bad_request",
    ),
    ("openai", 400, vllm_error("The model `x` does not exist."), "bad_request"),
    ("ollama", 404, {"error": "model 'x' not found"}, "bad_request"),
]


@pytest.mark.parametrize(("name", "status", "body", "reason"), REFUSALS)
def test_each_refusal_has_its_reason_and_is_not_asked_again(  # noqa: PLR0917
    name: str, status: int, body: object, reason: str, configure: Configure, journal: MemoryJournal
) -> None:
    with FakeProvider(refuses=lambda _request: (status, body)) as fake:
        configure(name, fake.base_url)
        assert run_triage(journal).failure == reason
    assert journal.outcomes == [reason]


WITH_200: list[tuple[str, object, str]] = [
    *[(name, body, reason) for name, status, body, reason in REFUSALS if status == 400],
    ("openai", openai_error(200, "The model `x` does not exist", "x", "model_not_found")[1],
     "bad_request"),
    ("openai", {"error": {"code": 429, "message": "Rate limit exceeded: free-models-per-min"}},
     "rate_limited"),
    ("openai", {"error": {"code": "402", "message": "This request requires more credits"}},
     "quota"),
    ("openai", {"error": {"code": 403, "message": "Your chosen model requires moderation on it"}},
     "refused"),
    ("openai", {"error": {"code": 502, "message": "Provider returned error"}}, "server_error"),
    ("openai", {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}},
     "auth"),
    ("openai", {"id": "gen-1", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [{"index": 0, "finish_reason": "error",
                             "message": {"role": "assistant", "content": '{"category'},
                             "error": {"code": 429, "message": "Provider is overloaded"}}]},
     "rate_limited"),
    ("anthropic", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
     "server_error"),
    ("gemini", {"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}},
     "rate_limited"),
    ("ollama", {"error": "llama runner process has terminated"}, "server_error"),
]  # fmt: skip
"""Gateways send 200 before the provider behind them fails."""


@pytest.mark.parametrize(("name", "body", "reason"), WITH_200)
def test_an_error_with_status_200_is_the_refusal_that_it_says(
    name: str, body: object, reason: str, configure: Configure, journal: MemoryJournal
) -> None:
    with FakeProvider(refuses=lambda _request: (200, body)) as fake:
        configure(name, fake.base_url)
        assert run_triage(journal, seconds=1.0).failure == reason
    assert set(journal.outcomes) == {reason}


def test_a_shape_refused_with_status_200_is_made_simpler(
    configure: Configure, journal: MemoryJournal
) -> None:
    def refuses(request: dict[str, Any]) -> tuple[int, object] | None:
        refused = dialects.deepseek(request)
        return (200, refused[1]) if refused else None

    with FakeProvider(refuses=refuses) as fake:
        configure("openai", fake.base_url)
        assert run_triage(journal).failure is None
    assert journal.outcomes == ["bad_request", "ok"]


def test_a_quota_of_this_minute_is_no_empty_account(
    configure: Configure, journal: MemoryJournal
) -> None:
    said = "You exceeded your current quota, please check your plan and billing details."
    body = {"error": {"code": 429, "message": said, "status": "RESOURCE_EXHAUSTED"}}
    with FakeProvider(refuses=lambda _request: (429, body)) as fake:
        configure("gemini", fake.base_url)
        assert run_triage(journal, seconds=1.0).failure == "rate_limited"


def test_a_prompt_that_gemini_blocks_is_that_text_s_outcome(
    configure: Configure, journal: MemoryJournal
) -> None:
    blocked = {
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": {"promptTokenCount": 10, "totalTokenCount": 10},
    }
    with FakeProvider(refuses=lambda _request: (200, blocked)) as fake:
        configure("gemini", fake.base_url)
        assert run_triage(journal).failure == "refused"


def test_texts_that_a_filter_refuses_do_not_open_the_breaker(
    configure: Configure, journal: MemoryJournal
) -> None:
    def only_some(request: dict[str, Any]) -> tuple[int, object] | None:
        return dialects.azure_filter(request) if "Forbidden" in str(request["messages"]) else None

    with FakeProvider(refuses=only_some) as fake:
        configure("openai", fake.base_url)
        failures = [run_triage(journal, f"Forbidden {number}").failure for number in range(7)]
        assert failures == ["refused"] * 7
        assert provider_state().interactive == "closed"
        assert run_triage(journal).failure is None
    assert journal.outcomes == ["refused"] * 7 + ["ok"]


def test_a_refusal_without_a_word_is_about_the_text_where_others_were_answered(
    configure: Configure, journal: MemoryJournal
) -> None:
    def only_some(request: dict[str, Any]) -> tuple[int, object] | None:
        return (400, {"error": "No."}) if "Forbidden" in str(request["messages"]) else None

    with FakeProvider(refuses=only_some) as fake:
        configure("openai", fake.base_url)
        assert run_triage(journal).failure is None
        failures = [run_triage(journal, f"Forbidden {number}").failure for number in range(4)]
        # After this many refusals in a row the texts are not the cause.
        assert failures == ["refused"] * 3 + ["bad_request"]
        assert run_triage(journal, "And another").failure is None
        assert run_triage(journal, "Forbidden once more").failure == "refused"


def test_an_account_without_money_is_left_alone(
    configure: Configure, journal: MemoryJournal
) -> None:
    status, body = openai_error(402, "Insufficient Balance", "unknown_error")
    with FakeProvider(refuses=lambda _request: (status, body)) as fake:
        configure("openai", fake.base_url)
        for number in range(7):
            run_triage(journal, f"Ticket {number}")
        assert len(fake.received) == 5
    assert journal.outcomes == ["quota"] * 5 + ["circuit_open"] * 2
    assert provider_state().last_failure == "quota"


def test_what_an_error_repeats_of_the_ticket_is_not_believed(
    configure: Configure, journal: MemoryJournal
) -> None:
    text = f"{SAID} {'x' * 400} content management policy, context length, credit balance, api key"

    def quoting(request: dict[str, Any]) -> tuple[int, object]:
        return openai_error(400, f"Bad request: {request['messages'][1]['content']}", "invalid")

    with FakeProvider(refuses=quoting) as fake:
        configure("openai", fake.base_url)
        assert run_triage(journal, text).failure == "bad_request"


def test_the_budget_is_asked_before_each_further_attempt(
    configure: Configure, journal: MemoryJournal
) -> None:
    def spends(request: dict[str, Any]) -> tuple[int, object] | None:
        journal.refuses = CallOutcome.OVER_BUDGET
        return dialects.deepseek(request)

    with FakeProvider(refuses=spends) as fake:
        configure("openai", fake.base_url)
        assert run_triage(journal).failure == "over_budget"
        assert len(fake.received) == 1
    assert journal.outcomes == ["bad_request", "over_budget"]
    assert [call.attempt for call in journal.calls] == [1, 0]
    assert provider_state().interactive == "closed"


def test_the_deadline_holds_over_several_shapes(
    configure: Configure, journal: MemoryJournal
) -> None:
    def slowly(request: dict[str, Any]) -> tuple[int, object] | None:
        time.sleep(0.4)
        return dialects.pydantic_server(request)

    with FakeProvider(refuses=slowly) as fake:
        configure("openai", fake.base_url)
        assert run_triage(journal, seconds=1.0).failure == "timeout"
        assert len(fake.received) <= 3


def test_an_illness_after_a_refusal_is_tried_again(
    configure: Configure, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "FIRST_PAUSE_SECONDS", 0.02)
    with FakeProvider(Script.UNAVAILABLE, refuses=dialects.deepseek, scripted_requests=2) as fake:
        configure("openai", fake.base_url)
        assert run_triage(journal).failure is None
    assert journal.outcomes == ["bad_request", "server_error", "ok"]


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("openai", "<think>First {{}} then\n</think>\n\n{}"),  # DeepSeek and Qwen on vLLM
        ("openai", "Okay, {{}} so\n</think>\n{}"),  # llama.cpp, whose template opens the thought
        ("ollama", "<think>\n{{}}</think>```json\n{}\n```"),
        ("anthropic", "Here is the triage:\n{}"),
    ],
)
def test_a_model_that_thinks_aloud_is_understood(
    name: str, around: str, configure: Configure, journal: MemoryJournal
) -> None:
    with FakeProvider(wrap_answer=around.format) as fake:
        configure(name, fake.base_url)
        answer = run_triage(journal)
    assert (answer.failure, answer.urgency_score.value) == (None, 77)
