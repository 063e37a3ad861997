"""The REST API: a FastAPI app that api/gateway/app.py mounts beside the pages."""

from starlette.middleware.cors import CORSMiddleware

from ticket_app.api import docs, health, notifications, triage
from ticket_app.api.gateway.origins import plain_origin
from ticket_app.api.gateway.rest_admission import RestAdmission
from ticket_app.api.limits.bodies import BodyLimits
from ticket_app.api.methods import HeadLikeGet
from ticket_app.api.openapi import OpenApiApp
from ticket_app.api.paths import TrailingSlash
from ticket_app.api.people import audit, directory, forms, me, single_sign_on
from ticket_app.api.problems import add_problem_responses
from ticket_app.api.tickets import (
    attachments,
    drafts,
    history,
    linked_files,
    messages,
    own_draft,
    participants,
    tickets,
)
from ticket_app.settings import get_settings

DESCRIPTION = """
File, list, change and triage support tickets. Lists are pages, newest first; follow the `Link`
header. Every error is `application/problem+json` with a stable `code`.
"""


def make_api() -> OpenApiApp:
    """Return the API for the settings of this process."""
    api = OpenApiApp(
        title="Support desk",
        version="1",
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Without this, each request spends 20 microseconds on finding no OpenTelemetry.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    api.state.health_check = health.SharedHealthCheck()
    of_tickets = (
        *(tickets, messages, own_draft, drafts, attachments, linked_files, history, participants),
    )
    of_people = (me, audit, directory, notifications)
    parts = (*of_tickets, triage, health, forms, single_sign_on, *of_people)
    routers = [part.router for part in parts]
    for router in routers:
        # FastAPI's include_router would match each request against the routes twice.
        api.router.routes.extend(router.routes)
    docs.add_docs(api)
    add_problem_responses(api, [route for each in (*routers, api.router) for route in each.routes])
    api.add_middleware(BodyLimits)
    api.add_middleware(RestAdmission)
    api.add_middleware(TrailingSlash)
    api.add_middleware(HeadLikeGet)
    if origins := get_settings().allowed_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=[plain_origin(each) for each in origins],
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=[
                *("Authorization", "Content-Type", "Idempotency-Key"),
                *("If-Match", "If-None-Match"),
            ],
            expose_headers=[
                *("Link", "Location", "ETag", "Idempotency-Replayed", tickets.STOPPED_AFTER),
            ],
        )
    return api


api = make_api()
