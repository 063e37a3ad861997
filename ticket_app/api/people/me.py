"""REST for the person who has signed in, and for their API tokens.

All of it needs a session: a token that leaks makes no other token.
"""

from typing import Annotated

from fastapi import Path, Request

from ticket_app.api.problems import Problem, make_router
from ticket_app.api.recognition import actor_of
from ticket_app.schemas.inputs import WHOLE_NUMBER
from ticket_app.schemas.people import Me, TokenCreate, TokenCreated, TokenPublic
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.threads import run
from ticket_app.vocabulary import ID_MAX

TokenId = Annotated[int, Path(ge=1, le=ID_MAX, description="The token's number."), WHOLE_NUMBER]
OFTEN = "You have made too many tokens within an hour (`too_many_requests`)."
FULL = "You have as many tokens as a person may have (`too_many_tokens`)."

router = make_router("me")


@router.get("/")
async def get_me(request: Request) -> Me:
    """The person of the session."""
    return Me.model_validate(await run(actor_of(request), directory.me))


@router.get("/tokens/")
async def list_tokens(request: Request) -> list[TokenPublic]:
    """One's own API tokens, newest first, also those that have expired."""
    return await run(actor_of(request), issuing.own_tokens)


@router.post(
    "/tokens/",
    status_code=201,
    responses={
        409: {"model": Problem, "description": FULL},
        429: {"model": Problem, "description": OFTEN},
    },
)
async def post_token(new: TokenCreate, request: Request) -> TokenCreated:
    """Make an API token, which is shown in this answer and never again."""
    return await run(actor_of(request), issuing.make_own_token, new)


@router.delete("/tokens/{token_id}/", status_code=204)
async def delete_token(token_id: TokenId, request: Request) -> None:
    """Revoke one of one's own API tokens. It ends within two seconds."""
    await run(actor_of(request), issuing.revoke_own_token, token_id)
