"""The OpenAPI document: FastAPI's own, completed by what is common to all operations."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from ticket_app.api.gateway.origins import READING
from ticket_app.api.paths import HEALTH
from ticket_app.api.problems import MEDIA_TYPE
from ticket_app.services.people.tokens import COOKIE, COOKIE_OVER_TLS

Json = dict[str, Any]

PROBLEM: Json = {"schema": {"$ref": "#/components/schemas/Problem"}}
PROBLEMS = (PROBLEM, {"schema": {"$ref": "#/components/schemas/StaleTicketProblem"}})
INT32_MAX = 2**31 - 1

UNREADABLE = "The Host header names no host of this desk (`host_not_allowed`)."
UNREADABLE_BODY = (
    "The body is not JSON (`invalid_json`) or not UTF-8 (`not_utf8`), or the Host header names "
    "no host of this desk (`host_not_allowed`)."
)
NOT_FOUND = {
    "{attachment_id}": "There is no such ticket (`ticket_not_found`) or attachment "
    "(`attachment_not_found`).",
    "{ticket_id}": "There is no such ticket (`ticket_not_found`).",
    "{token_id}": "There is no such token of yours (`token_not_found`).",
    "{person_id}": "There is no such person (`person_not_found`).",
}
OF_EVERY_ROLE = ("/api/tickets/", "/api/tickets/{ticket_id}/")
"""Addresses that everyone who has signed in may read, each their own tickets."""
NO_SESSION = (
    "The desk has accounts, and nobody has signed in (`sign_in_required`), or the token of the "
    "request is not valid (`token_not_valid`)."
)
SECURITY: Json = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token, from `POST /api/me/tokens/` or `people token`. A desk "
        "without accounts ignores it.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The cookie of a browser that has signed in. Over https its name is "
        f"`{COOKIE_OVER_TLS}`. It changes something only for a page of the desk.",
    },
}
"""The ways to sign in. The empty one below stands for a desk without accounts."""
NOT_ALLOWED = (
    "The role of the account, or the scope of the token, does not allow this (`not_allowed`), or "
    "the role needs a second factor first (`second_factor_required`)."
)
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


class OpenApiApp(FastAPI):
    """A FastAPI application with an OpenAPI document that generators of clients can rely on."""

    def openapi(self) -> Json:
        """Return the document, which is built once."""
        if self.openapi_schema is None:
            _complete(super().openapi())
        document: Json = super().openapi()
        return document


def _complete(document: Json) -> None:
    document["components"]["securitySchemes"] = SECURITY
    document["security"] = [{}, *({name: []} for name in SECURITY)]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _present(parameter["schema"])
            _state_problems(path, method.upper(), operation)
    _require_what_is_sent(document)
    for each in _schemas(document):
        _state_size(each)


def _require_what_is_sent(document: Json) -> None:
    """Mark all fields of responses as required, also those that have a default in the code."""
    taken = {
        content["schema"].get("$ref", "").rpartition("/")[2]
        for operations in document["paths"].values()
        for operation in operations.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }
    for name, schema in document["components"]["schemas"].items():
        if name not in {*taken, "Problem"} and "properties" in schema:
            schema["required"] = list(schema["properties"])


def _present(schema: Json) -> Json:
    """Return a parameter's schema without null: a parameter is either given or absent."""
    if "anyOf" not in schema:
        return schema
    choices: list[Json] = [each for each in schema["anyOf"] if each != {"type": "null"}]
    only = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return {name: value for name, value in schema.items() if name != "anyOf"} | only


def _state_problems(path: str, method: str, operation: Json) -> None:
    """Describe each error status of an operation as a problem document."""
    responses = operation["responses"]
    body = "requestBody" in operation
    if not body and "parameters" not in operation:
        responses.pop("422", None)  # there is nothing to validate
    for status, description in _failures(path, method, body=body):
        responses.setdefault(status, {"description": description, "content": {}})
    for status, response in responses.items():
        shape = response.get("content", {}).get("application/json", PROBLEM)
        if status >= "400" and shape in PROBLEMS:
            response["content"] = {MEDIA_TYPE: shape}
            if status in ("429", "503"):
                response["headers"] = LATER


def _failures(path: str, method: str, *, body: bool) -> Iterator[tuple[str, str]]:
    yield "400", UNREADABLE_BODY if body else UNREADABLE
    if path != HEALTH:
        yield "401", NO_SESSION
    if method not in READING:
        yield "403", f"{FOREIGN} {NOT_ALLOWED}"
    elif path not in (HEALTH, *OF_EVERY_ROLE):
        yield "403", NOT_ALLOWED
    for name, description in NOT_FOUND.items():
        if name in path:
            yield "404", description
    if body:
        yield "408", TOO_SLOW
        yield "413", TOO_LARGE
    yield "414", TOO_LONG
    if body:
        yield "415", NO_JSON
    yield "500", OUR_MISTAKE
    yield "503", AWAY


def _schemas(part: Any) -> Iterator[Json]:
    """Yield every object in a part of the document. A schema is an object with a type."""
    if isinstance(part, dict):
        yield part
        for each in part.values():
            yield from _schemas(each)
    elif isinstance(part, list):
        for each in part:
            yield from _schemas(each)


def _state_size(schema: Json) -> None:
    """Set the format of numbers: generators assume 32 bits for a number without one."""
    if schema.get("type") == "number":
        schema["format"] = "double"
    elif schema.get("type") == "integer":
        most = max(schema.get("enum", [schema.get("maximum", INT32_MAX + 1)]))
        schema["format"] = "int64" if most > INT32_MAX else "int32"
