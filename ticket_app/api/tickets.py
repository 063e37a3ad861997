"""REST for tickets: parse, call one service, answer."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from ticket_app.api.keys import PARAMETER, idempotency_key
from ticket_app.api.methods import CLASSIFY, STATS, SUGGEST_TITLE
from ticket_app.api.problems import Problem
from ticket_app.api.together import Together
from ticket_app.errors import IdempotencyKeyReusedError
from ticket_app.schemas.inputs import WHOLE_NUMBER
from ticket_app.schemas.tickets import (
    SimilarTicket,
    TicketCreate,
    TicketListQuery,
    TicketPublic,
    TicketUpdate,
)
from ticket_app.schemas.triage import Classification, Described, SuggestionPublic, TitleSuggestion
from ticket_app.services import figures
from ticket_app.services.threads import run
from ticket_app.services.tickets import changing, deleting, filing, listing, similar
from ticket_app.services.triage import suggesting
from ticket_app.vocabulary import ID_MAX, Edge

SIMILAR_MAX = 20

TicketId = Annotated[int, Path(ge=1, le=ID_MAX, description="The ticket's number."), WHOLE_NUMBER]

FILED: dict[int | str, dict[str, Any]] = {
    201: {
        "headers": {
            "Location": {
                "description": "The address of the ticket.",
                "schema": {"type": "string"},
            },
            "Idempotency-Replayed": {
                "description": "Present where an earlier request with this Idempotency-Key has "
                "filed the ticket: the body is the first answer to it.",
                "schema": {"type": "string", "enum": ["true"]},
            },
        }
    },
    422: {
        "model": Problem,
        "description": "A value is wrong, or the code is `idempotency_key_reused`: the key has "
        "filed a ticket of other values.",
    },
}
LISTED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Link": {
                "description": "Where the next page is, if there is one.",
                "schema": {"type": "string"},
            },
        }
    }
}

router = APIRouter(prefix="/api/tickets", tags=["tickets"])


def _file_all(
    requests: list[filing.Request],
) -> list[filing.Filed | IdempotencyKeyReusedError]:
    return filing.file_all_once(requests, Edge.REST)


FILING = Together(_file_all, most=16)
"""New tickets: they may wait for a turn to write, and nothing else shall make them wait."""


@router.post(
    "/",
    name="open_ticket",
    status_code=201,
    response_model=TicketPublic,
    responses=FILED,
    openapi_extra={"parameters": [PARAMETER]},
)
async def post_ticket(new: TicketCreate, request: Request) -> Response:
    """File a ticket. Absent category and priority are filled by the triage."""
    return await open_ticket(new, idempotency_key(request))


async def open_ticket(new: TicketCreate, key: str | None = None) -> Response:
    """File a ticket in company, and answer with it."""
    filed = await FILING.do(filing.Request(new, key))
    if isinstance(filed, IdempotencyKeyReusedError):
        raise filed
    headers = {"Location": f"/api/tickets/{filed.ticket.id}/"}
    if filed.replayed:
        headers["Idempotency-Replayed"] = "true"
    return _json(filed.ticket.model_dump_json(), status_code=201, headers=headers)


@router.get("/", response_model=list[TicketPublic], responses=LISTED)
async def list_tickets(query: Annotated[TicketListQuery, Query()], request: Request) -> Response:
    """Tickets, newest first. The header `Link: <...>; rel="next"` leads to the next page."""
    page = await run(listing.list_tickets, query, leaving=partial(client_left, request))
    headers = {}
    if page.next_cursor is not None:
        kept = [
            (key, value) for key, value in request.query_params.multi_items() if key != "cursor"
        ]
        target = f"/api/tickets/?{urlencode([*kept, ('cursor', page.next_cursor)])}"
        headers["Link"] = f'<{target}>; rel="next"'
    return _json(page.json_array, headers=headers)


@router.get(f"/{STATS}/", response_model=figures.PublishedStats)
async def get_stats() -> Response:
    """Figures over all tickets, kept by the database."""
    return _json(await run(figures.ticket_stats_json))


@router.post(f"/{CLASSIFY}/")
async def classify(text: Described) -> Classification:
    """Category and priority for a description, without filing anything."""
    return await suggesting.classify(text)


@router.post(f"/{SUGGEST_TITLE}/")
async def suggest_title(text: Described) -> TitleSuggestion:
    """A short title for a description."""
    return await suggesting.suggest_title(text)


@router.get("/{ticket_id:ticket}/")
async def get_ticket(ticket_id: TicketId) -> TicketPublic:
    """One ticket."""
    return await run(listing.get_ticket, ticket_id)


@router.get("/{ticket_id:ticket}/suggestions/")
async def get_suggestions(ticket_id: TicketId) -> list[SuggestionPublic]:
    """What the engines proposed for a ticket and why, newest first, 200 at most."""
    return await run(listing.ticket_suggestions, ticket_id)


@router.get("/{ticket_id:ticket}/similar/")
async def get_similar(
    ticket_id: TicketId,
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=SIMILAR_MAX, description="Tickets at most."), WHOLE_NUMBER
    ] = 5,
) -> list[SimilarTicket]:
    """Tickets whose text is like this one's, the most similar first, with the words they share."""
    return await run(
        similar.similar_tickets, ticket_id, limit, leaving=partial(client_left, request)
    )


@router.patch("/{ticket_id:ticket}/", response_model=TicketPublic)
async def update_ticket(ticket_id: TicketId, update: TicketUpdate) -> Response:
    """Change the fields given. A new title or description recomputes sentiment and urgency."""
    ticket = await run(changing.update_ticket, ticket_id, update, Edge.REST)
    return _json(ticket.model_dump_json())


@router.delete("/{ticket_id:ticket}/", status_code=204)
async def delete_ticket(ticket_id: TicketId) -> None:
    """Take a ticket out of every list and figure. It can be restored."""
    await run(deleting.delete_ticket, ticket_id, Edge.REST)


@router.post("/{ticket_id:ticket}/restore/")
async def restore_ticket(ticket_id: TicketId) -> TicketPublic:
    """Bring a deleted ticket back."""
    return await run(deleting.restore_ticket, ticket_id, Edge.REST)


async def client_left(request: Request) -> None:
    """Ends when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass  # the body, of which a GET has none


def _json(text: str, **how: Any) -> Response:
    """What is JSON already, as it is: to make objects of it and write them again is most of the
    time of an answer."""
    return Response(text, media_type="application/json", **how)
