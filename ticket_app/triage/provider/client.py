"""Calls a provider through LiteLLM. No other module imports LiteLLM."""

import asyncio
import logging
import os
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from time import perf_counter
from typing import Any, Generic, NamedTuple, TypeVar

from ticket_app.settings import ProviderChoice
from ticket_app.triage.provider.calls import Usage
from ticket_app.triage.provider.capabilities import Asked, RequestShape, model_capabilities
from ticket_app.triage.provider.failure import (
    ProviderError,
    failure_of,
    unwrap_error_in_success,
    with_simpler_shape,
)
from ticket_app.triage.provider.prompts import Message, answer_schema
from ticket_app.triage.provider.questions.question import Question
from ticket_app.triage.provider.transport import HttpTrace, current_trace, make_client
from ticket_app.vocabulary import CallOutcome

ANSWER_TOKENS = 2_000
REQUEST_TOKENS_MAX = 17_000
"""The most input tokens of a request, which is one for a draft: instructions and 14,000 characters
of a conversation and of past replies, in a script with a token a character."""
TOKENS_MAX = 1_000_000
"""A provider that reports more tokens for a call is not believed."""
NO_KEY = "none"
CALL_SECONDS = 600.0
"""The longest call, for a caller that sets no deadline."""

PREFIXES = {
    "openai": "openai/",
    "gemini": "gemini/",
    "anthropic": "anthropic/",
    "ollama": "ollama_chat/",
}
KNOWN_PREFIXES = (*PREFIXES.values(), "ollama/")
FREE = ("ollama_chat/", "ollama/")
"""Prefixes of models that run on the operator's own machine, at no cost."""

# Below CRITICAL these loggers write whole requests: keys, addresses and ticket text.
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "aiohttp")
_IMPORTED_BY_FIRST_CALL = (
    "litellm._service_logger",
    "litellm.integrations.generic_api.generic_api_callback",
    "litellm.litellm_core_utils.default_encoding",
    "litellm.llms.edenai.chat.transformation",
    "openai.resources.chat",
    "httpcore",
    "h11",
)

T = TypeVar("T")


class Answered(NamedTuple, Generic[T]):
    """A provider's answer, and the usage of the call."""

    answer: T
    usage: Usage


class AnswerError(ProviderError):
    """The provider's answer breaks the contract. It is paid for nevertheless, so it has a usage."""

    def __init__(self, reason: CallOutcome, usage: Usage) -> None:
        super().__init__(reason)
        self.usage = usage


async def call_provider(
    choice: ProviderChoice, question: Question[T], shape: RequestShape
) -> Answered[T]:
    """Returns the provider's answer from one call. The caller sets the deadline, and may cancel.

    Raises ProviderError with the reason if there is no usable answer, and ShapeError if the
    provider may answer a request of a simpler shape. All calls of a process run on the event loop
    of loop.py.
    """
    started = perf_counter()
    litellm = await asyncio.to_thread(load_litellm)
    trace = HttpTrace()
    current_trace.set(trace)
    asked = Asked(choice, question.is_json)
    try:
        response = await litellm.acompletion(**_request(choice, shape, question.messages(shape)))
    except Exception as error:  # noqa: BLE001
        # This is the edge to LiteLLM. Its exceptions quote the request; only the reason is kept.
        unwrap_error_in_success(trace)
        raise with_simpler_shape(failure_of(error, trace), trace, asked, shape) from None
    usage = _usage(response, choice)
    latency_ms = (perf_counter() - started) * 1000
    try:
        content = _content(response, may_be_cut=question.is_json)
        answer = question.read(content, choice, latency_ms)
    except ProviderError as error:
        if error.reason is CallOutcome.INVALID_ANSWER and unwrap_error_in_success(trace):
            raise with_simpler_shape(failure_of(error, trace), trace, asked, shape) from None
        model_capabilities.record_answer(asked, shape)
        raise AnswerError(error.reason, usage) from None
    model_capabilities.record_answer(asked, shape)
    return Answered(answer, usage)


@lru_cache
def load_litellm() -> Any:
    """Imports LiteLLM and silences its loggers. It takes seconds: call it in a thread."""
    # Without this the import fetches a price list from the network.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    _silence()
    litellm: Any = import_module("litellm")

    # The first call would import these, and would block the event loop meanwhile.
    for name in _IMPORTED_BY_FIRST_CALL:
        import_module(name)
    _silence()  # again, because the import sets the levels of the loggers
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    return litellm


def model_name(choice: ProviderChoice) -> str:
    """Returns LiteLLM's name of the model. A prefix that the operator wrote is kept."""
    if choice.model.startswith(KNOWN_PREFIXES):
        return choice.model
    return PREFIXES[choice.name] + choice.model


def max_call_cost(choice: ProviderChoice) -> float | None:
    """Returns the most that one call can cost, in US dollars; None if the price is unknown.

    It loads LiteLLM: call it in a thread.
    """
    return _cost(choice, REQUEST_TOKENS_MAX, ANSWER_TOKENS)


def _silence() -> None:
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@lru_cache
def _http() -> Any:
    """Returns LiteLLM's handler with our HTTP client, which sends every provider's requests."""
    client = make_client()
    litellm = load_litellm()
    litellm.aclient_session = client  # for OpenAI's own SDK
    handler = import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler()
    handler.client = client
    return handler


_FORMATS: dict[str, dict[str, Any]] = {
    "json_schema": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "triage", "strict": True, "schema": answer_schema()},
        }
    },
    "json_object": {"response_format": {"type": "json_object"}},
    "text": {},
}


def _request(
    choice: ProviderChoice, shape: RequestShape, messages: list[Message]
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": model_name(choice),
        "messages": messages,
        **_FORMATS[shape.format],
        # A placeholder if no key is needed: with None, LiteLLM would look for another key.
        "api_key": choice.api_key.get_secret_value() if choice.api_key else NO_KEY,
        "timeout": CALL_SECONDS,
        # LiteLLM sends one request; attempts.py decides about retries.
        "num_retries": 0,
        "max_retries": 0,
        # Models differ in the parameters that they accept.
        "drop_params": True,
    }
    if shape.temperature:
        request["temperature"] = 0
    if shape.tokens is not None:
        request[shape.tokens] = ANSWER_TOKENS
    handler = _http()
    if choice.name != "openai":
        request["client"] = handler
    if choice.base_url is not None:
        request["api_base"] = choice.base_url
    if choice.name == "gemini" and shape.effort:
        # Long reasoning would use up the deadline and the tokens before the answer begins.
        request["reasoning_effort"] = "low"
    return request


def _usage(response: Any, choice: ProviderChoice) -> Usage:
    usage = getattr(response, "usage", None)
    read, written = (getattr(usage, f"{kind}_tokens", None) for kind in ("prompt", "completion"))
    if not isinstance(read, int) or not isinstance(written, int):
        return Usage()
    if not (0 < read <= TOKENS_MAX and 0 <= written <= TOKENS_MAX):
        # No call of ours uses none or so many, so the numbers are not believed.
        return Usage()
    return Usage(read, written, _cost(choice, read, written))


def _cost(choice: ProviderChoice, input_tokens: int, output_tokens: int) -> float | None:
    """Returns US dollars by LiteLLM's local price table; None for a model that is not in it."""
    name = model_name(choice)
    if name.startswith(FREE):
        return 0.0
    # LiteLLM raises a bare Exception for a model without a price.
    with suppress(Exception):
        prices = load_litellm().cost_per_token(
            model=name, prompt_tokens=input_tokens, completion_tokens=output_tokens
        )
        return float(sum(prices))
    return None


def _content(response: Any, *, may_be_cut: bool) -> str:
    choices = response.choices
    if not choices:
        raise ProviderError(CallOutcome.INVALID_ANSWER)
    first = choices[0]
    if first.finish_reason == "content_filter" or getattr(first.message, "refusal", None):
        raise ProviderError(CallOutcome.REFUSED)
    is_cut = first.finish_reason == "length" and not may_be_cut
    if is_cut or not isinstance(first.message.content, str):
        raise ProviderError(CallOutcome.INVALID_ANSWER)
    return first.message.content
