"""Files what a form of the pages sends, also that of someone who has not signed in."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from ticket_app.actor import Actor, Identity
from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.people import caps
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.tokens import new_token
from ticket_app.services.tickets import filing, links
from ticket_app.triage.contract import Triage


class FiledForm(NamedTuple):
    """The ticket of a form; `replayed` if it was sent before. `address` leads its requester to it:
    to their own tickets, or by a signed link."""

    ticket_id: int
    replayed: bool
    address: str


def file_form(
    actor: Actor,
    new: TicketCreate,
    key: str | None = None,
    seen: Triage | None = None,
    suggested: Mapping[str, str] = MappingProxyType({}),
    *,
    client: str = "",
    in_own_name: bool = False,
) -> FiledForm:
    """Files a form's ticket unless its idempotency key has filed it before, as `file_once`.

    `client` is the address from which it comes. `in_own_name` files it with the name and address of
    an actor who has an account. Someone who has not signed in has to give an address
    (InvalidInputError), and files a few tickets an hour (TooManyRequestsError).
    """
    require(actor, Verb.FILE_TICKET)
    is_own = in_own_name and actor.identity.person_id is not None
    if is_own:
        person = directory.me(actor)
        own = {"requester_name": person.name, "requester_email": person.email}
        new = new.model_copy(update=own)
    elif actor.identity.role is None:
        if new.requester_email is None:
            raise InvalidInputError([FieldProblem("requester_email", "Write your address.")])
        caps.count_filing(actor, client, new.requester_email, key or new_token())
    filed = filing.file_once(actor, new, key, seen, suggested)
    ticket_id = filed.ticket.id
    if is_own:
        return FiledForm(ticket_id, filed.replayed, f"/my?ticket={ticket_id}")
    # Whoever has filed a ticket holds a link to it.
    holder = replace(actor, identity=Identity(None, ticket_id=ticket_id))
    return FiledForm(ticket_id, filed.replayed, links.signed_address(holder, ticket_id))
