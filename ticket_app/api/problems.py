"""Errors as application/problem+json (RFC 9457): type, status, title, detail, code, errors."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from ticket_app.api.methods import allowed_methods
from ticket_app.errors import (
    FieldProblem,
    InvalidInputError,
    TicketAppError,
    TicketPreconditionError,
    TokenNotValidError,
)
from ticket_app.schemas.inputs import field_problems
from ticket_app.schemas.tickets import TicketPublic

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer, Cookie form-action="/sign-in"'
"""The header WWW-Authenticate, which each 401 must have: a token, or the cookie of this page."""
INVALID_BEARER = 'Bearer error="invalid_token"'
WRONG_VALUES = "Values are wrong; `errors` names each (`validation_failed`)."
ERRORS_MAX = 20
"""Errors in one response. Nobody corrects more at once, and a body can hold a hundred thousand."""
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


class ProblemDocument(BaseModel):
    """The members of every error."""

    type: str = Field(examples=["about:blank"])
    status: int = Field(examples=[422])
    title: str = Field(examples=["Unprocessable Content"])
    detail: str = Field(examples=["Correct the fields named in errors and send it again."])
    code: str = Field(examples=["validation_failed"])


class Problem(ProblemDocument):
    """The shape of an error, for the OpenAPI document."""

    errors: list[ProblemField] = Field(
        default_factory=list, description="Of `validation_failed` alone: each wrong field."
    )


class StaleTicketProblem(ProblemDocument):
    """The error of a change whose If-Match names no tag of the ticket, with the ticket as it is."""

    ticket: TicketPublic


def make_router(name: str) -> APIRouter:
    """Return a router for the addresses below /api/`name`/, with the shape of its errors."""
    wrong = {"model": Problem, "description": WRONG_VALUES}
    return APIRouter(prefix=f"/api/{name}", tags=[name], responses={422: wrong})


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldProblem] | None = None,
    ticket: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a response with a problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "status": status,
        "title": HTTPStatus(status).phrase,
        "detail": detail,
        "code": code,
    }
    if errors is not None:
        body["errors"] = [error._asdict() for error in errors]
    if ticket is not None:
        body["ticket"] = ticket
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def plain_problem(status: HTTPStatus, headers: dict[str, str] | None = None) -> Response:
    """Return a problem response with the standard code and sentence of its status."""
    code, detail = SENTENCES.get(status, ("error", status.phrase))
    return problem(status, code, detail, headers=headers)


def add_problem_responses(api: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Make the API answer every error as a problem. `routes` are all routes of the API."""

    async def _http_error(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = allowed_methods(routes, request.scope["path"])
        return plain_problem(HTTPStatus(error.status_code), headers)

    api.exception_handler(TicketAppError)(_own_error)
    api.exception_handler(RequestValidationError)(_invalid_request)
    api.exception_handler(HTTPException)(_http_error)
    api.exception_handler(Exception)(_mistake_of_ours)


def problem_of(error: TicketAppError, headers: dict[str, str] | None = None) -> Response:
    """Return the response for an error of the desk."""
    if isinstance(error, InvalidInputError):
        return _invalid(error.problems)
    headers = dict(headers or {})
    if isinstance(error, TicketPreconditionError):
        headers["ETag"] = error.entity_tag
        return problem(
            error.status, error.code, error.detail, ticket=error.current, headers=headers
        )
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == HTTPStatus.UNAUTHORIZED:
        by_token = isinstance(error, TokenNotValidError)
        headers["WWW-Authenticate"] = INVALID_BEARER if by_token else CHALLENGE
    return problem(error.status, error.code, error.detail, headers=headers)


async def _own_error(_: Request, error: TicketAppError) -> Response:
    return problem_of(error)


async def _invalid_request(_: Request, error: RequestValidationError) -> Response:
    errors = error.errors()[:ERRORS_MAX]
    if any(one["type"] == "json_invalid" for one in errors):
        return problem(HTTPStatus.BAD_REQUEST, "invalid_json", "The body is not valid JSON.")
    # The first part of a location is the source (body, query, path), not the field.
    return _invalid(field_problems([one | {"loc": one["loc"][1:]} for one in errors]))


def _invalid(problems: list[FieldProblem]) -> Response:
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        InvalidInputError.code,
        "Correct the fields named in errors and send it again.",
        errors=problems[:ERRORS_MAX],
    )


async def _mistake_of_ours(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return plain_problem(HTTPStatus.INTERNAL_SERVER_ERROR)
