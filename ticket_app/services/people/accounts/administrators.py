"""Administrators with a password, which the operator creates on the server."""

import asyncio

from ticket_app.actor import Actor
from ticket_app.services.people.accounts import rights
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.signing_in.password_rules import require_good_password
from ticket_app.services.people.signing_in.passwords import hash_password


def create_administrator(actor: Actor, email: str, name: str | None, password: str) -> int:
    """Creates an administrator, or makes one of a known person; returns the person's id.

    Sets the password and ends the person's sessions. With the first one the desk closes. Not for an
    event loop. Raises InvalidInputError for an address, a name or a password that breaks a rule.
    """
    require(actor, Verb.OPERATE)
    password_hash = _hash_of(password, email, name)
    return rights.create_administrator(actor, email, name, password_hash)


def create_first_administrator(actor: Actor, email: str, password: str) -> bool:
    """As `create_administrator`, unless there is an account already; then returns False."""
    require(actor, Verb.OPERATE)
    return rights.create_first_administrator(actor, email, _hash_of(password, email, None))


def _hash_of(password: str, email: str, name: str | None) -> str:
    require_good_password(password, name=name or "", email=email)
    return asyncio.run(hash_password(password))
