"""The REST half of the desk: a FastAPI app, mounted beside the pages by api/gateway.py."""

from starlette.middleware.cors import CORSMiddleware

from ticket_app.api import docs, health, tickets, triage
from ticket_app.api.bodies import BodyLimits
from ticket_app.api.contract import Api
from ticket_app.api.doors import plain_origin
from ticket_app.api.methods import HeadLikeGet
from ticket_app.api.paths import TrailingSlash
from ticket_app.api.problems import Problem, add_problem_responses
from ticket_app.settings import get_settings

DESCRIPTION = """
File, list, change and triage support tickets. Lists are pages, newest first; follow the `Link`
header. Every error is `application/problem+json` with a stable `code`.
"""
WRONG_VALUES = "Values are wrong; `errors` names each (`validation_failed`)."


def make_api() -> Api:
    """The API for the settings of this process."""
    api = Api(
        title="Support desk",
        version="1",
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # To find, at each request, that nobody has set up OpenTelemetry takes 20 microseconds.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        responses={422: {"model": Problem, "description": WRONG_VALUES}},
    )
    api.state.checkup = health.Checkup()
    routers = (tickets.router, triage.router, health.router)
    for router in routers:
        api.include_router(router)
    docs.add_docs(api)
    add_problem_responses(api, [route for each in (*routers, api.router) for route in each.routes])
    api.add_middleware(BodyLimits)
    api.add_middleware(TrailingSlash)
    api.add_middleware(HeadLikeGet)
    if origins := get_settings().allowed_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=[plain_origin(each) for each in origins],
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=["Content-Type", "Idempotency-Key"],
            expose_headers=["Link", "Location", "Idempotency-Replayed"],
        )
    return api


api = make_api()
