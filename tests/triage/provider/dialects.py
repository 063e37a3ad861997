"""Error responses of real providers' APIs to requests that they refuse, word for word.

Each function serves as FakeProvider.refuses: it maps a request to a status and a body, or None.
"""

from collections.abc import Callable
from typing import Any

Request = dict[str, Any]
Refusal = tuple[int, object] | None
Dialect = Callable[[Request], Refusal]


def openai_error(
    status: int, message: str, kind: str | None, code: object = None, param: str | None = None
) -> tuple[int, object]:
    return status, {"error": {"message": message, "type": kind, "param": param, "code": code}}


def deepseek(request: Request) -> Refusal:
    """DeepSeek: no schemas, and the prompt must contain the word json for a JSON object."""
    kind = request.get("response_format", {}).get("type")
    if kind == "json_schema":
        said = "This response_format type is unavailable now"
        return openai_error(400, said, "invalid_request_error", "invalid_request_error")
    if kind == "json_object" and "json" not in str(request["messages"]).lower():
        said = "Prompt must contain the word 'json' in some form to use 'response_format'"
        return openai_error(400, said, "invalid_request_error", "invalid_request_error")
    return None


def azure_reasoning(request: Request) -> Refusal:
    """Azure OpenAI, with a reasoning model under a custom deployment name."""
    if "max_tokens" in request:
        said = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead."
        )
        return openai_error(
            400, said, "invalid_request_error", "unsupported_parameter", "max_tokens"
        )
    if "temperature" in request:
        said = (
            "Unsupported value: 'temperature' does not support 0 with this model. Only the default "
            "(1) value is supported."
        )
        return openai_error(400, said, "invalid_request_error", "unsupported_value", "temperature")
    return None


def azure_old(request: Request) -> Refusal:
    """Azure OpenAI with an older version of its API."""
    if request.get("response_format", {}).get("type") == "json_schema":
        said = "response_format value as json_schema is enabled only for api versions 2024-08-01"
        return 400, {"error": {"code": "BadRequest", "message": said}}
    return None


def azure_filter(_request: Request) -> Refusal:
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


def ollama_old(request: Request) -> Refusal:
    """Ollama before it supported schemas: its own protocol, and an error that is a plain string."""
    if isinstance(request.get("format"), dict):
        said = (
            "json: cannot unmarshal object into Go struct field ChatRequest.format of type string"
        )
        return 400, {"error": said}
    return None


def vllm(request: Request) -> Refusal:
    """vLLM without a back end for structured output; its error has no wrapper."""
    if "response_format" in request:
        said = "structured outputs are not supported: no guided decoding backend is available"
        return 400, vllm_error(said)
    return None


def vllm_small(request: Request) -> Refusal:
    """vLLM with a context too small for the desk's limit on answers."""
    if limit := request.get("max_tokens") or request.get("max_completion_tokens"):
        said = (
            f"'max_tokens' or 'max_completion_tokens' is too large: {limit}. This model's maximum "
            "context length is 2048 tokens and your request has 900 input tokens."
        )
        return 400, vllm_error(said)
    return None


def vllm_full(_request: Request) -> Refusal:
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


def llama_cpp(request: Request) -> Refusal:
    """llama.cpp's server, whose grammar does not support part of the schema."""
    if request.get("response_format", {}).get("type") == "json_schema":
        said = "Failed to initialize samplers: failed to parse grammar"
        return 400, {"error": {"code": 400, "message": said, "type": "invalid_request_error"}}
    return None


def llama_cpp_full(_request: Request) -> Refusal:
    """llama.cpp's server with a text that is too long for its context."""
    said = "the request exceeds the available context size, try increasing it"
    kind = "exceed_context_size_error"
    error = {"code": 400, "message": said, "type": kind, "n_prompt_tokens": 5000, "n_ctx": 4096}
    return 400, {"error": error}


def pydantic_server(request: Request) -> Refusal:
    """A FastAPI server that knows few parameters, and repeats the request in its error."""
    for name in ("response_format", "temperature", "max_tokens", "max_completion_tokens"):
        if name in request:
            said = "Extra inputs are not permitted"
            error = {
                "type": "extra_forbidden",
                "loc": ["body", name],
                "msg": said,
                "input": request,
            }
            return 422, {"detail": [error | {"input": request}]}
    return None


def unspecific(request: Request) -> Refusal:
    """A server that refuses response_format without naming it."""
    return (400, {"error": "Bad Request"}) if "response_format" in request else None
