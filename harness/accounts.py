"""Accounts of a desk, made as quickly as a service makes them."""

from dataclasses import replace
from datetime import datetime, timedelta

from pyotp import TOTP

from ticket_app.actor import NOBODY, Actor, Identity, by_command, over_rest
from ticket_app.data.engine import write_transaction
from ticket_app.data.people import second_factors
from ticket_app.services.people import sessions
from ticket_app.services.people.accounts import invitations, rights
from ticket_app.services.people.signing_in import second_factor
from ticket_app.services.people.signing_in.totp import new_secret
from ticket_app.vocabulary import Role

PASSWORD = "correct horse battery"  # noqa: S105  # of no real account
PASSWORD_HASH = "$argon2id$v=19$m=19456,t=2,p=1$e3lNxDpvo8tpJUYsuo5Omw$Ms5LLhrLw+oigqDOgO2RTwIhUH36HJ2CSTcJ+2L6svU"  # noqa: E501, S105
"""The hash of PASSWORD."""
ADMINISTRATOR = "ada@example.com"


def administrator(email: str = ADMINISTRATOR) -> int:
    """Creates an administrator with PASSWORD, which closes the desk; returns the person's id."""
    return rights.create_administrator(by_command(), email, None, PASSWORD_HASH)


def account(email: str, role: Role) -> int:
    """Creates an account with PASSWORD at a desk that is closed; returns the person's id."""
    token = invitations.invite(by_command(), email, None, role)
    return invitations.use_link(over_rest(NOBODY), token, PASSWORD_HASH)


def session_token(person_id: int) -> str:
    """Begins a session of the person; returns its token, which is the cookie's value."""
    return sessions.begin(over_rest(NOBODY), person_id, "127.0.0.1", "test")


def acting(person_id: int, role: Role) -> Actor:
    """Returns the actor of this person over REST."""
    return over_rest(Identity(role, person_id))


def factor(person_id: int, role: Role) -> tuple[str, list[str]]:
    """Sets up a second factor of the person, a while ago so that the codes of now are free.

    Returns the secret and the recovery codes.
    """
    actor = acting(person_id, role)
    earlier, secret = replace(actor, at=actor.at - timedelta(minutes=10)), new_secret()
    with write_transaction() as session:
        second_factors.begin(session, person_id, secret, earlier.at)
    return secret, second_factor.confirm_factor(earlier, code_of(secret, earlier.at))


def code_of(secret: str, at: datetime, steps: int = 0) -> str:
    """Returns the code of a secret at this time, or some steps of 30 seconds later."""
    return TOTP(secret).at(at, counter_offset=steps)
