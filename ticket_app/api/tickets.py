"""REST for tickets: parse, call one service, answer."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from ticket_app.api.problems import Problem
from ticket_app.schemas import (
    Classification,
    Described,
    SuggestionPublic,
    TicketCreate,
    TicketListQuery,
    TicketPublic,
    TicketUpdate,
    TitleSuggestion,
)
from ticket_app.services import figures, tickets, triage
from ticket_app.vocabulary import ID_MAX, Edge

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}

TicketId = Annotated[int, Path(ge=1, le=ID_MAX, description="The ticket's number.")]

router = APIRouter(prefix="/api/tickets", tags=["tickets"])


@router.post("/", status_code=201)
def open_ticket(new: TicketCreate, response: Response) -> TicketPublic:
    """File a ticket. Absent category and priority are filled by the triage."""
    ticket = tickets.open_ticket(new, Edge.REST)
    response.headers["Location"] = f"/api/tickets/{ticket.id}/"
    return ticket


@router.get("/", response_model=list[TicketPublic])
def list_tickets(query: Annotated[TicketListQuery, Query()], request: Request) -> Response:
    """Tickets, newest first. The header `Link: <...>; rel="next"` leads to the next page."""
    page = tickets.list_tickets(query)
    headers = {}
    if page.next_cursor is not None:
        kept = [
            (key, value) for key, value in request.query_params.multi_items() if key != "cursor"
        ]
        target = f"/api/tickets/?{urlencode([*kept, ('cursor', page.next_cursor)])}"
        headers["Link"] = f'<{target}>; rel="next"'
    return Response(page.json_array, media_type="application/json", headers=headers)


@router.get("/stats/")
def get_stats() -> figures.TicketStats:
    """Figures over all tickets, computed by the database."""
    return figures.ticket_stats()


@router.post("/classify/")
async def classify(text: Described) -> Classification:
    """Category and priority for a description, without filing anything."""
    return await triage.classify(text)


@router.post("/suggest-title/")
async def suggest_title(text: Described) -> TitleSuggestion:
    """A short title for a description."""
    return await triage.suggest_title(text)


@router.get("/{ticket_id}/", responses=NOT_FOUND)
def get_ticket(ticket_id: TicketId) -> TicketPublic:
    """One ticket."""
    return tickets.get_ticket(ticket_id)


@router.get("/{ticket_id}/suggestions/", responses=NOT_FOUND)
def get_suggestions(ticket_id: TicketId) -> list[SuggestionPublic]:
    """What the engines proposed for a ticket and why, newest first, 200 at most."""
    return tickets.ticket_suggestions(ticket_id)


@router.patch("/{ticket_id}/", responses=NOT_FOUND)
def update_ticket(ticket_id: TicketId, update: TicketUpdate) -> TicketPublic:
    """Change the fields given. A new title or description recomputes sentiment and urgency."""
    return tickets.update_ticket(ticket_id, update, Edge.REST)


@router.delete("/{ticket_id}/", status_code=204, responses=NOT_FOUND)
def delete_ticket(ticket_id: TicketId) -> None:
    """Take a ticket out of every list and figure. It can be restored."""
    tickets.delete_ticket(ticket_id, Edge.REST)


@router.post("/{ticket_id}/restore/", responses=NOT_FOUND)
def restore_ticket(ticket_id: TicketId) -> TicketPublic:
    """Bring a deleted ticket back."""
    return tickets.restore_ticket(ticket_id, Edge.REST)
