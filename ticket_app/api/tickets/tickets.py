"""REST for tickets: parse, call one service, answer."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from ticket_app.actor import Actor
from ticket_app.api.direct_routes import BodyRoute, QueryRoute
from ticket_app.api.methods import CLASSIFY, STATS, SUGGEST_TITLE
from ticket_app.api.paths import LISTED, link_to_next
from ticket_app.api.problems import Problem, make_router
from ticket_app.api.recognition import actor_of
from ticket_app.api.tickets import entity_tags
from ticket_app.api.tickets.batching import Batcher
from ticket_app.api.tickets.idempotency_keys import PARAMETER, idempotency_key
from ticket_app.errors import TicketAppError
from ticket_app.schemas.figures import PublishedStats
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
from ticket_app.vocabulary import ID_MAX

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

STOPPED_AFTER = "Sort-Stopped-After"
SORTED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            **LISTED[200]["headers"],
            STOPPED_AFTER: {
                "description": "Present where the desk stopped at this number of tickets, and "
                "others may match. The page may be short then. A list without settled tickets goes "
                "on in the next page; any other list is an order of the newest tickets only.",
                "schema": {"type": "integer"},
            },
        }
    }
}
"""The headers of a sorted page. Lists by newest and oldest never stop early."""

router = make_router("tickets")
"""A request tries the routes in their order, so the frequent ones come first."""


FILING = Batcher(filing.file_all_once, most=16)
"""Batches new tickets: they only wait for the write of the batch before them."""
CHANGING = Batcher(changing.update_all_at_once, most=16)
"""Batches changes that wait for no lock."""


async def post_ticket(new: TicketCreate, request: Request) -> Response:
    """File a ticket. Absent category and priority are filled by the triage."""
    return await open_ticket(actor_of(request), new, idempotency_key(request))


router.add_api_route(
    "/",
    post_ticket,
    methods=["POST"],
    route_class_override=BodyRoute,
    name="open_ticket",
    status_code=201,
    response_model=TicketPublic,
    responses=FILED,
    openapi_extra={"parameters": [PARAMETER]},
)


async def open_ticket(actor: Actor, new: TicketCreate, key: str | None = None) -> Response:
    """File a ticket in the next batch, and answer with it."""
    filed = await FILING.submit(filing.Request(actor, new, key))
    if not isinstance(filed, filing.Filed):
        raise filed
    headers = {"Location": f"/api/tickets/{filed.ticket.id}/"}
    if filed.replayed:
        headers["Idempotency-Replayed"] = "true"
    return _json(filed.ticket.model_dump_json(), status_code=201, headers=headers)


async def list_tickets(query: Annotated[TicketListQuery, Query()], request: Request) -> Response:
    """Tickets, newest first or by another `sort`. The header `Link: <...>; rel="next"` leads to the
    next page."""
    page = await run(
        actor_of(request), listing.list_tickets, query, leaving=partial(client_left, request)
    )
    headers = link_to_next(request, page.next_cursor)
    if page.stopped_after is not None:
        headers[STOPPED_AFTER] = str(page.stopped_after)
    return _json(page.json_array, headers=headers)


router.add_api_route(
    "/",
    list_tickets,
    route_class_override=QueryRoute,
    response_model=list[TicketPublic],
    responses=SORTED,
)


async def update_ticket(ticket_id: TicketId, update: TicketUpdate, request: Request) -> Response:
    """Change the fields given. A new title or description recomputes sentiment and urgency.

    With `If-Match` nothing is changed if the ticket has changed since it was read.
    """
    actor, tags, outcome = actor_of(request), entity_tags.if_match(request), None
    if tags is None and changing.needs_no_lock(update):
        outcome = await CHANGING.submit(changing.Request(actor, ticket_id, update))
    if isinstance(outcome, TicketAppError):
        raise outcome
    if outcome is None:
        outcome = await run(actor, changing.update_ticket, ticket_id, update, if_match=tags)
    text = outcome.model_dump_json()
    return _json(text, headers={"ETag": outcome.entity_tag_of(text)})


router.add_api_route(
    "/{ticket_id:ticket}/",
    update_ticket,
    methods=["PATCH"],
    route_class_override=BodyRoute,
    response_model=TicketPublic,
    responses=entity_tags.CHANGED,
    openapi_extra=entity_tags.ON_CHANGE,
)


@router.get(
    "/{ticket_id:ticket}/",
    response_model=TicketPublic,
    responses=entity_tags.READ,
    openapi_extra=entity_tags.ON_READ,
)
async def get_ticket(ticket_id: TicketId, request: Request) -> Response:
    """One ticket. Its header `ETag` is for `If-Match`, and for `If-None-Match`."""
    ticket = await run(actor_of(request), listing.get_ticket, ticket_id)
    text = ticket.model_dump_json()
    tag = ticket.entity_tag_of(text)
    if entity_tags.is_known(request, tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    return _json(text, headers={"ETag": tag})


@router.get(f"/{STATS}/", response_model=PublishedStats)
async def get_stats(request: Request) -> Response:
    """Figures over all tickets, kept by the database."""
    return _json(await run(actor_of(request), figures.ticket_stats_json))


@router.post(f"/{CLASSIFY}/")
async def classify(text: Described, request: Request) -> Classification:
    """Category and priority for a description, without filing anything."""
    return await suggesting.classify(actor_of(request), text)


@router.post(f"/{SUGGEST_TITLE}/")
async def suggest_title(text: Described, request: Request) -> TitleSuggestion:
    """A short title for a description."""
    return await suggesting.suggest_title(actor_of(request), text)


@router.get("/{ticket_id:ticket}/suggestions/")
async def get_suggestions(ticket_id: TicketId, request: Request) -> list[SuggestionPublic]:
    """Suggestions of the engines for a ticket with their reasons, newest first, 200 at most."""
    return await run(actor_of(request), listing.ticket_suggestions, ticket_id)


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
        actor_of(request),
        similar.similar_tickets,
        ticket_id,
        limit,
        leaving=partial(client_left, request),
    )


@router.delete(
    "/{ticket_id:ticket}/",
    status_code=204,
    responses=entity_tags.STALE,
    openapi_extra=entity_tags.ON_CHANGE,
)
async def delete_ticket(ticket_id: TicketId, request: Request) -> None:
    """Take a ticket out of every list and figure. It can be restored."""
    tags = entity_tags.if_match(request)
    await run(actor_of(request), deleting.delete_ticket, ticket_id, if_match=tags)


@router.post("/{ticket_id:ticket}/restore/")
async def restore_ticket(ticket_id: TicketId, request: Request) -> TicketPublic:
    """Bring a deleted ticket back."""
    return await run(actor_of(request), deleting.restore_ticket, ticket_id)


async def client_left(request: Request) -> None:
    """Return when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass  # the empty body of a GET


def _json(text: str, **how: Any) -> Response:
    """Return JSON text unchanged: parsing and writing it again would take most of the time."""
    return Response(text, media_type="application/json", **how)
