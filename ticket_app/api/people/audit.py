"""REST for the audit, for administrators."""

from typing import Annotated

from fastapi import Query, Request, Response

from ticket_app.api.paths import LISTED, link_to_next
from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.schemas.audit import AuditEntryPublic, AuditQuery
from ticket_app.services.people.audit import list_entries
from ticket_app.services.threads import run

router = make_router("audit")


@router.get("/", responses=LISTED)
async def list_audit(
    query: Annotated[AuditQuery, Query()], request: Request, response: Response
) -> list[AuditEntryPublic]:
    """What people did to accounts, sessions, API tokens and whole tickets, newest first.

    The header `Link: <...>; rel="next"` leads to the next page. Entries are never changed. Only
    administrators read them, and API tokens of the scope `admin`.
    """
    page = await run(actor_of(request), list_entries, query)
    response.headers.update(link_to_next(request, page.next_cursor))
    return page.entries
