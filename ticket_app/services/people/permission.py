"""The one place that decides what an actor may do, and which tickets an actor may see."""

from collections.abc import Mapping
from enum import StrEnum

from ticket_app.actor import Actor
from ticket_app.data.people.scope import EVERY_TICKET, NO_TICKET, Scope
from ticket_app.errors import NotAllowedError, SecondFactorRequiredError, SignInRequiredError
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Role, TokenScope, Who


class Verb(StrEnum):
    """What the desk can do for someone. A service asks for one of these."""

    FILE_TICKET = "file_ticket"
    """File a ticket, with the suggestions of the offline engine while one types."""
    READ_TICKETS = "read_tickets"
    """Read, list, count and search the tickets in one's scope, and what happened to them."""
    CHANGE_TICKETS = "change_tickets"
    """Change, delete and restore tickets."""
    REPLY = "reply"
    """Write to the requester of a ticket in one's scope, or as its requester."""
    USE_NOTES = "use_notes"
    """Read and write what the team alone may read."""
    READ_TRIAGE = "read_triage"
    """Read suggestions, similar tickets and the report of the triage."""
    READ_FIGURES = "read_figures"
    """Read the figures over all tickets."""
    ASK_PROVIDER = "ask_provider"
    """Let a text be sent to the AI provider at once."""
    USE_ACCOUNT = "use_account"
    """Change one's own name and password, and end one's own sessions."""
    SET_UP_FACTOR = "set_up_factor"
    """Set up and change one's own second factor, also before one may do anything else."""
    READ_PEOPLE = "read_people"
    """Read who people are, requesters included, and find them by name or address."""
    MANAGE_PEOPLE = "manage_people"
    """Change the roles of people, rename and deactivate them, end their sessions, remove their
    second factors."""
    GIVE_LINKS = "give_links"
    """Invite people, and make links by which they set a password. No API token may: by such a link
    it would become a session of anyone."""
    READ_AUDIT = "read_audit"
    """Read what people did to accounts, and to tickets as a whole."""
    MANAGE_TOKENS = "manage_tokens"
    """See and revoke the API tokens of others. No API token may."""
    OPERATE = "operate"
    """Run the tasks of the server and the commands of its shell."""


_SIGNED_IN = frozenset(
    {
        Verb.FILE_TICKET,
        Verb.READ_TICKETS,
        Verb.REPLY,
        Verb.USE_ACCOUNT,
        Verb.SET_UP_FACTOR,
    }
)
_OF_PERSON = frozenset({Verb.USE_ACCOUNT, Verb.SET_UP_FACTOR})
"""What needs an account, which nobody has at an open desk."""
_AGENT = _SIGNED_IN | {
    Verb.CHANGE_TICKETS,
    Verb.USE_NOTES,
    Verb.READ_TRIAGE,
    Verb.READ_FIGURES,
    Verb.ASK_PROVIDER,
    Verb.READ_PEOPLE,
}
ALLOWED: Mapping[Role | None, frozenset[Verb]] = {
    None: frozenset({Verb.FILE_TICKET}),
    Role.REQUESTER: _SIGNED_IN,
    Role.AGENT: _AGENT,
    Role.ADMINISTRATOR: _AGENT
    | {Verb.MANAGE_PEOPLE, Verb.GIVE_LINKS, Verb.READ_AUDIT, Verb.MANAGE_TOKENS},
}
_BY_LINK = frozenset({Verb.READ_TICKETS, Verb.REPLY})
"""What the holder of a signed link may do, to that ticket."""
_READ = frozenset(
    {
        Verb.READ_TICKETS,
        Verb.USE_NOTES,
        Verb.READ_TRIAGE,
        Verb.READ_FIGURES,
        Verb.READ_PEOPLE,
    }
)
_WRITE = _READ | {Verb.FILE_TICKET, Verb.REPLY, Verb.CHANGE_TICKETS, Verb.ASK_PROVIDER}
OF_SCOPE: Mapping[TokenScope, frozenset[Verb]] = {
    TokenScope.READ: _READ,
    TokenScope.WRITE: _WRITE,
    TokenScope.ADMIN: _WRITE | {Verb.MANAGE_PEOPLE, Verb.READ_AUDIT},
}
"""What an API token may do at most. None may use an account, so none makes another token."""
SERVER = frozenset({Who.COMMAND, Who.TRIAGE})
"""Parts of the desk, which may do everything."""


def may(actor: Actor, verb: Verb) -> bool:
    """Returns True if the actor may do this, to the tickets of `scope_of`."""
    identity = actor.identity
    holds_link = identity.ticket_id is not None and verb in _BY_LINK
    if actor.who in SERVER or holds_link:
        return True
    if identity.awaits_factor:
        return verb is Verb.SET_UP_FACTOR
    if identity.role is None and not get_settings().public_form:
        return False
    if verb in _OF_PERSON and identity.person_id is None:
        return False
    if identity.token_scope is not None and verb not in OF_SCOPE[identity.token_scope]:
        return False
    return verb in ALLOWED[identity.role]


def require(actor: Actor, verb: Verb) -> None:
    """Raises SignInRequiredError if the actor may not do this without signing in,
    SecondFactorRequiredError if not without a second factor, and NotAllowedError if the actor's
    role, or the scope of its token, does not allow it."""
    if may(actor, verb):
        return
    if actor.identity.awaits_factor:
        raise SecondFactorRequiredError
    if actor.identity.role is None:
        raise SignInRequiredError
    raise NotAllowedError(by_token=actor.identity.token_scope is not None)


def scope_of(actor: Actor) -> Scope:
    """Returns the tickets that the actor may see, for the conditions of a query."""
    identity = actor.identity
    if actor.who in SERVER or identity.role in (Role.AGENT, Role.ADMINISTRATOR):
        return EVERY_TICKET
    if identity.role is Role.REQUESTER and identity.person_id is not None:
        return Scope(requester_id=identity.person_id)
    if identity.ticket_id is not None:
        return Scope(ticket_id=identity.ticket_id)
    return NO_TICKET
