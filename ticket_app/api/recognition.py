"""Who sends a request: the holder of a session's cookie or of an API token, and the actor that
services get."""

from fastapi import Request
from starlette.types import Scope

from ticket_app.actor import OPEN_DESK, Actor, Identity, over_rest
from ticket_app.api.gateway.origins import READING, is_of_own_page
from ticket_app.api.limits.client_address import client_address
from ticket_app.api.session_cookie import session_token
from ticket_app.errors import TicketAppError
from ticket_app.services.people import identity
from ticket_app.services.people.api_tokens.bearer import identify_bearer
from ticket_app.settings import get_settings

BEARER = b"bearer"


async def recognise_client(scope: Scope) -> Identity:
    """Return the identity of a request to REST: of its API token, or else as `recognise` does.

    A token is no cookie: no browser adds one to a request of another site, so that it needs no
    proof. Beside a token the cookie does not count, also if the token is not valid: then this
    raises TokenNotValidError.
    """
    if await identity.is_open():
        return OPEN_DESK
    if (token := bearer_token(scope)) is not None:
        return await identify_bearer(token)
    return await recognise(scope)


def bearer_token(scope: Scope) -> str | None:
    """Return what is sent as an API token; None without one. Several tokens are none that is valid.

    Other schemes are not the desk's: a proxy in front of it may ask for a password of its own.
    """
    said = [value.strip() for name, value in scope["headers"] if name == b"authorization"]
    tokens = {
        rest
        for each in said
        for scheme, _, rest in [each.partition(b" ")]
        if scheme.lower() == BEARER
    }
    return b" ".join(tokens).strip().decode("latin-1") if tokens else None


async def recognise(scope: Scope) -> Identity:
    """Return the identity of a browser. DatabaseUnavailableError or BusyError if it is not known.

    The cookie of a request that may change something counts only with the proof that a page of this
    desk sent it: a browser also sends cookies for pages of others.
    """
    if await identity.is_open():
        return OPEN_DESK
    if scope["method"] not in READING and not is_of_own_page(scope):
        return await identity.identify(None)
    return await identity.identify(session_token(scope))


def actor_of(request: Request) -> Actor:
    """Return the actor of a REST request that api/gateway/rest_admission.py has let in.

    Raises BusyError or DatabaseUnavailableError for a form whose sender cannot be recognised now.
    """
    scope = request.scope
    identity: Identity | TicketAppError = scope["identity"]
    if isinstance(identity, TicketAppError):
        raise identity
    return over_rest(identity, client_address(scope, get_settings().trusted_proxies))
