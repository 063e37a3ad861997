"""Asking a provider, through LiteLLM: the only module that speaks it."""

import asyncio
import logging
import os
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from time import perf_counter
from typing import Any, NamedTuple

from ticket_app.settings import ProviderChoice
from ticket_app.triage.answer import read_answer
from ticket_app.triage.calls import Usage
from ticket_app.triage.contract import Triage
from ticket_app.triage.failure import ProviderError, failure_of, heed_refusal, refused_shape
from ticket_app.triage.prompts import Message, Prompt, answer_schema, messages_for
from ticket_app.triage.shapes import Shape, shapes
from ticket_app.triage.wire import Wire, make_client, watching
from ticket_app.vocabulary import CallOutcome

ANSWER_TOKENS = 2_000
QUESTION_TOKENS_MAX = 8_000
"""Instructions, schema and 6,000 characters of a ticket, in a script of a token a character."""
TOKENS_MAX = 1_000_000
NO_KEY = "none"
CALL_SECONDS = 600.0
"""The longest a call may last where the caller sets no deadline of its own."""

PREFIXES = {
    "openai": "openai/",
    "gemini": "gemini/",
    "anthropic": "anthropic/",
    "ollama": "ollama_chat/",
}
KNOWN_PREFIXES = (*PREFIXES.values(), "ollama/")
FREE = ("ollama_chat/", "ollama/")
"""Models that run on a machine of one's own: nobody sends a bill."""

# At their finer levels these write requests out whole: keys, addresses and ticket text.
_CHATTY = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore", "aiohttp")
_IMPORTED_BY_FIRST_CALL = (
    "litellm._service_logger",
    "litellm.integrations.generic_api.generic_api_callback",
    "litellm.litellm_core_utils.default_encoding",
    "litellm.llms.edenai.chat.transformation",
    "openai.resources.chat",
    "httpcore",
    "h11",
)


class Answered(NamedTuple):
    """A provider's triage, and what it used."""

    triage: Triage
    usage: Usage


class AnswerError(ProviderError):
    """The provider did answer, and the answer breaks the contract: it is paid for all the same."""

    def __init__(self, reason: CallOutcome, usage: Usage) -> None:
        super().__init__(reason)
        self.usage = usage


async def ask_provider(
    choice: ProviderChoice, prompt: Prompt, description: str, title: str, shape: Shape
) -> Answered:
    """The provider's triage, from one call. The caller sets the deadline, and may cancel.

    Raises ProviderError with the reason when there is no answer, or none of use, and ShapeError
    where a question of a simpler shape may be answered. All
    calls of a process are made on one event loop, that of provider_loop.py.
    """
    started = perf_counter()
    litellm = await asyncio.to_thread(load_litellm)
    wire = Wire()
    watching.set(wire)
    try:
        response = await litellm.acompletion(
            **_request(choice, shape, messages_for(prompt, description, title, schema=_told(shape)))
        )
    except Exception as error:  # noqa: BLE001
        # The edge to LiteLLM: its exceptions quote the request, so only the reason goes on.
        heed_refusal(wire)
        raise refused_shape(failure_of(error, wire), wire, choice, shape) from None
    usage = _usage(response, choice)
    try:
        triage = read_answer(_content(response), choice, prompt, f"{title}\n{description}")
    except ProviderError as error:
        if error.reason is CallOutcome.INVALID_ANSWER and heed_refusal(wire):
            raise refused_shape(failure_of(error, wire), wire, choice, shape) from None
        shapes.was_answered(choice, shape)
        raise AnswerError(error.reason, usage) from None
    shapes.was_answered(choice, shape)
    latency_ms = (perf_counter() - started) * 1000
    return Answered(triage.model_copy(update={"latency_ms": latency_ms}), usage)


@lru_cache
def load_litellm() -> Any:
    """LiteLLM, imported and silenced. The import takes seconds: call it in a thread."""
    # Without this the import fetches a price list from the network.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    _silence()
    litellm: Any = import_module("litellm")

    # A first call imports these, and would hold up the event loop meanwhile.
    for name in _IMPORTED_BY_FIRST_CALL:
        import_module(name)
    _silence()  # again, because LiteLLM sets its levels when it is imported
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    return litellm


def model_name(choice: ProviderChoice) -> str:
    """The model as LiteLLM names it; a prefix that the operator wrote stands."""
    if choice.model.startswith(KNOWN_PREFIXES):
        return choice.model
    return PREFIXES[choice.name] + choice.model


def dearest_call(choice: ProviderChoice) -> float | None:
    """US dollars that one call can cost at most, None for a model of unknown price.

    Loads LiteLLM: call it in a thread.
    """
    return _cost(choice, QUESTION_TOKENS_MAX, ANSWER_TOKENS)


def _silence() -> None:
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@lru_cache
def _http() -> Any:
    """LiteLLM's handle on our HTTP client, which every provider's requests go through."""
    client = make_client()
    litellm = load_litellm()
    litellm.aclient_session = client  # OpenAI's own SDK is handed this one
    handler = import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler()
    handler.client = client
    return handler


def _told(shape: Shape) -> dict[str, Any] | None:
    """The schema that the model has to be told in words, where the API does not take it."""
    return None if shape.format == "json_schema" else answer_schema()


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


def _request(choice: ProviderChoice, shape: Shape, messages: list[Message]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": model_name(choice),
        "messages": messages,
        **_FORMATS[shape.format],
        # A placeholder, where none is needed: with None LiteLLM would look for another key.
        "api_key": choice.api_key.get_secret_value() if choice.api_key else NO_KEY,
        "timeout": CALL_SECONDS,
        # One question, one answer: asking.py decides whether to ask again.
        "num_retries": 0,
        "max_retries": 0,
        # Models differ in which of these they know.
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
        # Long thinking would spend the deadline and the tokens before the answer begins.
        request["reasoning_effort"] = "low"
    return request


def _usage(response: Any, choice: ProviderChoice) -> Usage:
    usage = getattr(response, "usage", None)
    asked, answered = (getattr(usage, f"{kind}_tokens", None) for kind in ("prompt", "completion"))
    if not isinstance(asked, int) or not isinstance(answered, int):
        return Usage()
    if not (0 < asked <= TOKENS_MAX and 0 <= answered <= TOKENS_MAX):
        # No call of ours can have used so many, or none: the answer is not to be believed.
        return Usage()
    return Usage(asked, answered, _cost(choice, asked, answered))


def _cost(choice: ProviderChoice, input_tokens: int, output_tokens: int) -> float | None:
    """US dollars by LiteLLM's local price table; None for a model that is not in it."""
    name = model_name(choice)
    if name.startswith(FREE):
        return 0.0
    # Whatever the table cannot price is raised as a bare Exception.
    with suppress(Exception):
        prices = load_litellm().cost_per_token(
            model=name, prompt_tokens=input_tokens, completion_tokens=output_tokens
        )
        return float(sum(prices))
    return None


def _content(response: Any) -> str:
    choices = response.choices
    if not choices:
        raise ProviderError(CallOutcome.INVALID_ANSWER)
    first = choices[0]
    if first.finish_reason == "content_filter" or getattr(first.message, "refusal", None):
        raise ProviderError(CallOutcome.REFUSED)
    if not isinstance(first.message.content, str):
        raise ProviderError(CallOutcome.INVALID_ANSWER)
    return first.message.content
