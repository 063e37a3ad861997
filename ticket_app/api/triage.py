"""REST for the report on triage."""

from typing import Annotated

from fastapi import Query, Request

from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.schemas.figures import WindowDays
from ticket_app.schemas.inputs import WHOLE_NUMBER
from ticket_app.services.threads import run
from ticket_app.services.triage.report import TriageReport, triage_report

router = make_router("triage")


@router.get("/report/")
async def get_report(
    request: Request,
    last_days: Annotated[WindowDays, WHOLE_NUMBER, Query()] = 30,
) -> TriageReport:
    """Overrides and agreement of each engine, and the time and cost of its calls."""
    return await run(actor_of(request), triage_report, last_days)
