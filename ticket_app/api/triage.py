"""How the triage fares."""

from typing import Annotated

from fastapi import APIRouter, Query

from ticket_app.schemas.inputs import WHOLE_NUMBER
from ticket_app.services.figures import WindowDays
from ticket_app.services.threads import run
from ticket_app.services.triage.report import TriageReport, triage_report

router = APIRouter(prefix="/api/triage", tags=["triage"])


@router.get("/report/")
async def get_report(
    last_days: Annotated[WindowDays, WHOLE_NUMBER, Query()] = 30,
) -> TriageReport:
    """How often people overrule each engine, how engines agree, what calls take and cost."""
    return await run(triage_report, last_days)
