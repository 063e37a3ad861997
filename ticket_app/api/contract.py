"""The OpenAPI document: what FastAPI writes of each address, and what is true of them all."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from ticket_app.api.doors import READING
from ticket_app.api.problems import MEDIA_TYPE

Json = dict[str, Any]

PROBLEM: Json = {"schema": {"$ref": "#/components/schemas/Problem"}}
INT32_MAX = 2**31 - 1

UNREADABLE = "The Host header names no host of this desk (`host_not_allowed`)."
UNREADABLE_BODY = (
    "The body is not JSON (`invalid_json`) or not UTF-8 (`not_utf8`), or the Host header names "
    "no host of this desk (`host_not_allowed`)."
)
NOT_FOUND = "There is no such ticket (`ticket_not_found`)."
FOREIGN = "The Origin header names another site (`origin_not_allowed`)."
TOO_LARGE = "The body is larger than 1 MiB (`body_too_large`)."
TOO_SLOW = "The body did not arrive in time (`body_too_slow`)."
TOO_LONG = "The address has more than 8,192 characters (`address_too_long`)."
NO_JSON = "The Content-Type is not application/json (`unsupported_media_type`)."
OUR_MISTAKE = "Something went wrong on the server (`internal_error`)."
AWAY = (
    "The desk cannot answer now; nothing was changed (`database_unavailable`, `busy`, "
    "`overloaded`)."
)
LATER = {
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": {"type": "integer"},
    }
}


class Api(FastAPI):
    """A FastAPI whose OpenAPI document can be relied on by a generator of clients."""

    def openapi(self) -> Json:
        """The document, made once."""
        if self.openapi_schema is None:
            _complete(super().openapi())
        document: Json = super().openapi()
        return document


def _complete(document: Json) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _present(parameter["schema"])
            _state_problems(path, method.upper(), operation)
    _require_what_is_sent(document)
    for each in _schemas(document):
        _state_size(each)


def _require_what_is_sent(document: Json) -> None:
    """Answers have all of their fields, also those for which the code has a default."""
    taken = {
        content["schema"]["$ref"].rpartition("/")[2]
        for operations in document["paths"].values()
        for operation in operations.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }
    for name, schema in document["components"]["schemas"].items():
        if name not in {*taken, "Problem"} and "properties" in schema:
            schema["required"] = list(schema["properties"])


def _present(schema: Json) -> Json:
    """A parameter's schema without null: it is given, or it is absent."""
    choices: list[Json] = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) != 1:
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | choices[0]


def _state_problems(path: str, method: str, operation: Json) -> None:
    """Every status by which a request can fail, as the problem that it is."""
    responses = operation["responses"]
    body = "requestBody" in operation
    if not body and "parameters" not in operation:
        responses.pop("422", None)  # nothing could be wrong
    for status, description in _failures(path, method, body=body):
        responses.setdefault(status, {"description": description, "content": {}})
    for status, response in responses.items():
        content = response.get("content", {})
        if status >= "400" and content.get("application/json", PROBLEM) == PROBLEM:
            response["content"] = {MEDIA_TYPE: PROBLEM}
            if status == "503":
                response["headers"] = LATER


def _failures(path: str, method: str, *, body: bool) -> Iterator[tuple[str, str]]:
    yield "400", UNREADABLE_BODY if body else UNREADABLE
    if method not in READING:
        yield "403", FOREIGN
    if "{ticket_id}" in path:
        yield "404", NOT_FOUND
    if body:
        yield "408", TOO_SLOW
        yield "413", TOO_LARGE
    yield "414", TOO_LONG
    if body:
        yield "415", NO_JSON
    yield "500", OUR_MISTAKE
    yield "503", AWAY


def _schemas(part: Any) -> Iterator[Json]:
    """Every object in a part of the document; a schema is one that has a type."""
    if isinstance(part, dict):
        yield part
        for each in part.values():
            yield from _schemas(each)
    elif isinstance(part, list):
        for each in part:
            yield from _schemas(each)


def _state_size(schema: Json) -> None:
    """The size of numbers: generators take 32 bits for what is not said to be larger."""
    if schema.get("type") == "number":
        schema["format"] = "double"
    elif schema.get("type") == "integer":
        most = max(schema.get("enum", [schema.get("maximum", INT32_MAX + 1)]))
        schema["format"] = "int64" if most > INT32_MAX else "int32"
