"""Every error as application/problem+json (RFC 9457): type, status, title, detail, code, errors."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ticket_app.api.methods import allowed_methods
from ticket_app.errors import FieldProblem, InvalidInputError, TicketAppError
from ticket_app.schemas.inputs import field_problems

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
ERRORS_MAX = 20
"""A person mends no more at once, and a body can hold a hundred thousand."""
SENTENCES = {
    HTTPStatus.BAD_REQUEST: (
        "bad_request",
        "The request cannot be read. Check its syntax.",
    ),
    HTTPStatus.NOT_FOUND: ("not_found", "Nothing is here. /api/docs lists every address."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "method_not_allowed",
        "This address does not accept this method. The Allow header lists those it accepts.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "body_too_large",
        "The body is larger than 1 MiB. Send a shorter one.",
    ),
    HTTPStatus.REQUEST_TIMEOUT: (
        "body_too_slow",
        "The rest of the body did not arrive in time. Send the request again.",
    ),
    HTTPStatus.REQUEST_URI_TOO_LONG: (
        "address_too_long",
        "The address is longer than 8,192 characters. Ask for less at a time.",
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "unsupported_media_type",
        "Send JSON with the header Content-Type: application/json.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "internal_error",
        "Something went wrong on the server, and its log says what. Try again.",
    ),
}


class ProblemField(BaseModel):
    """One wrong field."""

    field: str = Field(examples=["title"])
    message: str = Field(examples=["Write a title."])


class Problem(BaseModel):
    """The shape of every error, for the OpenAPI document."""

    type: str = Field(examples=["about:blank"])
    status: int = Field(examples=[422])
    title: str = Field(examples=["Unprocessable Content"])
    detail: str = Field(examples=["Correct the fields named in errors and send it again."])
    code: str = Field(examples=["validation_failed"])
    errors: list[ProblemField] = Field(
        default_factory=list, description="Of `validation_failed` alone: each wrong field."
    )


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldProblem] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An error response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "status": status,
        "title": HTTPStatus(status).phrase,
        "detail": detail,
        "code": code,
    }
    if errors is not None:
        body["errors"] = [error._asdict() for error in errors]
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def plain_problem(status: HTTPStatus, headers: dict[str, str] | None = None) -> Response:
    """An error that its status explains."""
    code, detail = SENTENCES.get(status, ("error", status.phrase))
    return problem(status, code, detail, headers=headers)


def add_problem_responses(api: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Let the API answer every error as a problem. `routes` are those that it answers by."""

    async def _http_error(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = allowed_methods(routes, request.scope["path"])
        return plain_problem(HTTPStatus(error.status_code), headers)

    api.exception_handler(TicketAppError)(_own_error)
    api.exception_handler(RequestValidationError)(_invalid_request)
    api.exception_handler(HTTPException)(_http_error)
    api.exception_handler(Exception)(_mistake_of_ours)


async def _own_error(_: Request, error: TicketAppError) -> Response:
    if isinstance(error, InvalidInputError):
        return _invalid(error.problems)
    again = error.retry_after_seconds
    headers = None if again is None else {"Retry-After": str(again)}
    return problem(error.status, error.code, error.detail, headers=headers)


async def _invalid_request(_: Request, error: RequestValidationError) -> Response:
    errors = error.errors()[:ERRORS_MAX]
    if any(one["type"] == "json_invalid" for one in errors):
        return problem(HTTPStatus.BAD_REQUEST, "invalid_json", "The body is not valid JSON.")
    # The first part of a location says where the field was (body, query, path), not what it is.
    return _invalid(field_problems([one | {"loc": one["loc"][1:]} for one in errors]))


def _invalid(problems: list[FieldProblem]) -> Response:
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        InvalidInputError.code,
        "Correct the fields named in errors and send it again.",
        errors=problems,
    )


async def _mistake_of_ours(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return plain_problem(HTTPStatus.INTERNAL_SERVER_ERROR)
