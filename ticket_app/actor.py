"""The actor of a request, event or command: the first parameter of every public verb of
services."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ticket_app.vocabulary import Edge, Role, TokenScope, Who


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom an edge has recognised. services/people/permission.py decides what they may do.

    `role` is None for someone who has not signed in. `session_key` is the key of the session of
    `person_id`. `ticket_id` is the one ticket that the holder of a signed link may read.
    `token_scope` narrows what the role allows, for a program with an API token of `person_id`.
    `awaits_factor` is True for a person whose role needs a second factor and who has none: until
    they have set one up, they have no role.
    """

    role: Role | None
    person_id: int | None = None
    session_key: str | None = None
    ticket_id: int | None = None
    token_scope: TokenScope | None = None
    awaits_factor: bool = False


OPEN_DESK = Identity(Role.AGENT)
"""Everyone at a desk on which no account was ever created."""
NOBODY = Identity(None)
"""Someone who has not signed in at a desk with accounts."""
OPERATOR = Identity(Role.ADMINISTRATOR)
"""Whoever can start commands on the server."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a part of the desk that acts, its edge, and the time (aware, UTC).

    An edge makes one for each request, event or command. The actor's changes are recorded with the
    time `at`, or with the ticket's last change if that is later. `client_address` is where a person
    acts from, for the audit; empty for a part of the desk.
    """

    who: Who
    edge: Edge
    at: datetime
    identity: Identity
    client_address: str = ""


def in_browser(identity: Identity, client_address: str = "") -> Actor:
    """Returns the actor of an event of a page."""
    return Actor(Who.ANYONE, Edge.BROWSER, datetime.now(UTC), identity, client_address)


def over_rest(identity: Identity, client_address: str = "") -> Actor:
    """Returns the actor of a REST request."""
    return Actor(Who.ANYONE, Edge.REST, datetime.now(UTC), identity, client_address)


def by_command() -> Actor:
    """Returns the actor of a command of the shell, and of the server's own tasks."""
    return Actor(Who.COMMAND, Edge.CLI, datetime.now(UTC), OPERATOR)


def by_triage() -> Actor:
    """Returns the actor of the triage, which changes tickets that are already filed."""
    return Actor(Who.TRIAGE, Edge.TRIAGE, datetime.now(UTC), OPERATOR)
