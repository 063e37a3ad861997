"""REST for the people of the desk: the team reads, and administrators change."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from ticket_app.api.paths import LISTED, link_to_next
from ticket_app.api.problems import Problem, make_router
from ticket_app.api.recognition import actor_of
from ticket_app.schemas.inputs import WHOLE_NUMBER
from ticket_app.schemas.people import PeopleListQuery, PersonPublic, PersonUpdate
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.threads import run
from ticket_app.vocabulary import ID_MAX

PersonId = Annotated[int, Path(ge=1, le=ID_MAX, description="The person's number."), WHOLE_NUMBER]
LAST = "No administrator would remain (`last_administrator`)."

router = make_router("people")


@router.get("/", responses=LISTED)
async def list_people(
    query: Annotated[PeopleListQuery, Query()], request: Request, response: Response
) -> list[PersonPublic]:
    """People, requesters included, by number; those of a search by the word that it finds."""
    page = await run(actor_of(request), directory.find_people, query)
    response.headers.update(link_to_next(request, page.next_after, "after"))
    return page.people


@router.get("/{person_id}/")
async def get_person(person_id: PersonId, request: Request) -> PersonPublic:
    """One person."""
    return await run(actor_of(request), directory.get_person, person_id)


@router.patch("/{person_id}/", responses={409: {"model": Problem, "description": LAST}})
async def update_person(
    person_id: PersonId, update: PersonUpdate, request: Request
) -> PersonPublic:
    """Change the fields given, as an administrator. A new role ends the person's sessions. The open
    tickets of someone who leaves the team go to `hand_to` within seconds."""
    return await run(actor_of(request), rights.change_person, person_id, update)
