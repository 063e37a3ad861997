"""What the APIs of providers answer to a request that they do not take, in their own words.

Each is a function for FakeProvider.refuses: from the request to a status and a body, or None.
"""

from collections.abc import Callable
from typing import Any

Asked = dict[str, Any]
Refused = tuple[int, object] | None
Dialect = Callable[[Asked], Refused]


def openai_error(
    status: int, message: str, kind: str | None, code: object = None, param: str | None = None
) -> tuple[int, object]:
    return status, {"error": {"message": message, "type": kind, "param": param, "code": code}}


def deepseek(asked: Asked) -> Refused:
    """DeepSeek: no schemas, and the word json has to stand in the prompt for an object."""
    kind = asked.get("response_format", {}).get("type")
    if kind == "json_schema":
        said = "This response_format type is unavailable now"
        return openai_error(400, said, "invalid_request_error", "invalid_request_error")
    if kind == "json_object" and "json" not in str(asked["messages"]).lower():
        said = "Prompt must contain the word 'json' in some form to use 'response_format'"
        return openai_error(400, said, "invalid_request_error", "invalid_request_error")
    return None


def azure_reasoning(asked: Asked) -> Refused:
    """Azure OpenAI, a reasoning model under a deployment's own name."""
    if "max_tokens" in asked:
        said = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead."
        )
        return openai_error(
            400, said, "invalid_request_error", "unsupported_parameter", "max_tokens"
        )
    if "temperature" in asked:
        said = (
            "Unsupported value: 'temperature' does not support 0 with this model. Only the default "
            "(1) value is supported."
        )
        return openai_error(400, said, "invalid_request_error", "unsupported_value", "temperature")
    return None


def azure_old(asked: Asked) -> Refused:
    """Azure OpenAI by an older version of its API."""
    if asked.get("response_format", {}).get("type") == "json_schema":
        said = "response_format value as json_schema is enabled only for api versions 2024-08-01"
        return 400, {"error": {"code": "BadRequest", "message": said}}
    return None


def azure_filter(_asked: Asked) -> Refused:
    """Azure OpenAI's content filter on the prompt."""
    status, body = openai_error(
        400,
        "The response was filtered due to the prompt triggering Azure OpenAI's content management "
        "policy. Please modify your prompt and retry.",
        None,
        "content_filter",
        "prompt",
    )
    result = {"violence": {"filtered": True, "severity": "medium"}}
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": result}
    return status, {"error": body["error"] | {"status": 400, "innererror": inner}}  # type: ignore[index]


def ollama_old(asked: Asked) -> Refused:
    """Ollama before it knew schemas: its own protocol, an error that is a bare text."""
    if isinstance(asked.get("format"), dict):
        said = (
            "json: cannot unmarshal object into Go struct field ChatRequest.format of type string"
        )
        return 400, {"error": said}
    return None


def vllm(asked: Asked) -> Refused:
    """vLLM that was built without a back end for structured output; its error has no wrapper."""
    if "response_format" in asked:
        said = "structured outputs are not supported: no guided decoding backend is available"
        return 400, vllm_error(said)
    return None


def vllm_small(asked: Asked) -> Refused:
    """vLLM with a context that has no room for an answer as long as ours may be."""
    if limit := asked.get("max_tokens") or asked.get("max_completion_tokens"):
        said = (
            f"'max_tokens' or 'max_completion_tokens' is too large: {limit}. This model's maximum "
            "context length is 2048 tokens and your request has 900 input tokens."
        )
        return 400, vllm_error(said)
    return None


def vllm_full(_asked: Asked) -> Refused:
    """vLLM with a text that is too long for its context."""
    said = "This model's maximum context length is 2048 tokens. However, you requested 5000 tokens."
    return 400, vllm_error(said)


def vllm_error(message: str) -> dict[str, object]:
    return {
        "object": "error",
        "message": message,
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    }


def llama_cpp(asked: Asked) -> Refused:
    """llama.cpp's server, whose grammar has no place for a part of the schema."""
    if asked.get("response_format", {}).get("type") == "json_schema":
        said = "Failed to initialize samplers: failed to parse grammar"
        return 400, {"error": {"code": 400, "message": said, "type": "invalid_request_error"}}
    return None


def llama_cpp_full(_asked: Asked) -> Refused:
    """llama.cpp's server with a text that is too long for its context."""
    said = "the request exceeds the available context size, try increasing it"
    kind = "exceed_context_size_error"
    error = {"code": 400, "message": said, "type": kind, "n_prompt_tokens": 5000, "n_ctx": 4096}
    return 400, {"error": error}


def pydantic_server(asked: Asked) -> Refused:
    """A server of FastAPI that knows few parameters, and repeats the request in its error."""
    for name in ("response_format", "temperature", "max_tokens", "max_completion_tokens"):
        if name in asked:
            said = "Extra inputs are not permitted"
            error = {"type": "extra_forbidden", "loc": ["body", name], "msg": said, "input": asked}
            return 422, {"detail": [error]}
    return None


def wordless(asked: Asked) -> Refused:
    """A server that takes no response_format, and does not say so."""
    return (400, {"error": "Bad Request"}) if "response_format" in asked else None
