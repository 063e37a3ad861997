"""Asking the configured provider, through LiteLLM: the only module that speaks it."""

import asyncio
import logging
import os
from functools import lru_cache
from importlib import import_module
from time import perf_counter
from typing import Any

from ticket_app.settings import ProviderChoice
from ticket_app.triage.answer import read_answer
from ticket_app.triage.contract import Triage
from ticket_app.triage.failure import ProviderError, reason_of
from ticket_app.triage.prompts import answer_schema, messages_for

ANSWER_TOKENS = 2_000
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


async def ask_provider(choice: ProviderChoice, description: str, title: str = "") -> Triage:
    """The provider's triage. The caller sets the deadline, and may cancel at any time.

    Raises ProviderError with the reason when there is no answer, or none of the right shape.
    """
    started = perf_counter()
    litellm = await asyncio.to_thread(load_litellm)
    try:
        response = await litellm.acompletion(**_request(choice, description, title))
    except Exception as error:  # noqa: BLE001
        # The edge to LiteLLM: its exceptions quote the request, so only the reason goes on.
        raise ProviderError(reason_of(error)) from None
    latency_ms = (perf_counter() - started) * 1000
    return read_answer(_content(response), choice, f"{title}\n{description}", latency_ms)


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


def _silence() -> None:
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def model_name(choice: ProviderChoice) -> str:
    """The model as LiteLLM names it; a prefix that the operator wrote stands."""
    if choice.model.startswith(KNOWN_PREFIXES):
        return choice.model
    return PREFIXES[choice.name] + choice.model


def _request(choice: ProviderChoice, description: str, title: str) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": model_name(choice),
        "messages": messages_for(description, title),
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "triage", "strict": True, "schema": answer_schema()},
        },
        # A placeholder, where none is needed: with None LiteLLM would look for another key.
        "api_key": choice.api_key.get_secret_value() if choice.api_key else NO_KEY,
        "temperature": 0,
        "max_tokens": ANSWER_TOKENS,
        "timeout": CALL_SECONDS,
        # One question, one answer: the job that asked decides whether to ask again.
        "num_retries": 0,
        "max_retries": 0,
        # Models differ in which of these they know.
        "drop_params": True,
    }
    if choice.base_url is not None:
        request["api_base"] = choice.base_url
    if choice.name == "gemini":
        # Long thinking would spend the deadline and the tokens before the answer begins.
        request["reasoning_effort"] = "low"
    return request


def _content(response: Any) -> str:
    choices = response.choices
    if not choices:
        raise ProviderError("invalid_answer")
    first = choices[0]
    if first.finish_reason == "content_filter" or getattr(first.message, "refusal", None):
        raise ProviderError("refused")
    if not isinstance(first.message.content, str):
        raise ProviderError("invalid_answer")
    return first.message.content
