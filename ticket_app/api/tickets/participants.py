"""REST for the people copied on a ticket: parse, call one service, answer."""

from typing import Annotated

from fastapi import Path, Request

from ticket_app.api.problems import make_router
from ticket_app.api.recognition import actor_of
from ticket_app.api.tickets.tickets import TicketId
from ticket_app.schemas.conversation import ParticipantCreate, ParticipantPublic
from ticket_app.schemas.inputs import WHOLE_NUMBER
from ticket_app.services.conversation import participants
from ticket_app.services.threads import run
from ticket_app.vocabulary import ID_MAX

ParticipantId = Annotated[
    int, Path(ge=1, le=ID_MAX, description="The person's number."), WHOLE_NUMBER
]

router = make_router("tickets")


@router.get("/{ticket_id:ticket}/participants/")
async def list_participants(ticket_id: TicketId, request: Request) -> list[ParticipantPublic]:
    """The people copied on a ticket, for the team, in the order in which they were added."""
    return await run(actor_of(request), participants.list_participants, ticket_id)


@router.post("/{ticket_id:ticket}/participants/", status_code=201)
async def add_participant(
    ticket_id: TicketId, new: ParticipantCreate, request: Request
) -> ParticipantPublic:
    """Copy a person on a ticket. They see it and reply as its requester does. An address that the
    desk does not know becomes a person."""
    return await run(actor_of(request), participants.add_participant, ticket_id, new)


@router.delete("/{ticket_id:ticket}/participants/{participant_id}/", status_code=204)
async def remove_participant(
    ticket_id: TicketId, participant_id: ParticipantId, request: Request
) -> None:
    """Take a person off a ticket. They do not see it any longer."""
    await run(actor_of(request), participants.remove_participant, ticket_id, participant_id)
