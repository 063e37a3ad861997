"""Recognises the program that sends an API token, for an edge, before there is an actor."""

import re
from datetime import timedelta
from functools import partial

from ticket_app.actor import NOBODY, OPEN_DESK, Actor, Identity, by_command
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import api_tokens
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import TokenNotValidError
from ticket_app.services.people import identity
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.tokens import API_FORM, digest
from ticket_app.vocabulary import Role, TokenScope

USED_AGAIN = timedelta(minutes=1)
"""Time from one record of a token's use to the next."""
RECORDED_AT_ONCE = 500
NOTED_MAX = 10_000

_used: set[str] = set()
"""The keys of tokens whose use is to be recorded."""


async def identify_bearer(token: str) -> Identity:
    """Returns the identity of a program: its owner's, narrowed by the scope of the token.

    OPEN_DESK for every token while the desk is open. Raises TokenNotValidError, and
    DatabaseUnavailableError or BusyError if the token cannot be read now.
    """
    if await identity.is_open():
        return OPEN_DESK
    if not re.fullmatch(API_FORM, token):
        raise TokenNotValidError
    key = digest(token)
    found = await identity.recall(
        identity.key_of_token(key), partial(read_bearer, by_command(), key)
    )
    if found == NOBODY:
        raise TokenNotValidError
    return found


def read_bearer(actor: Actor, key: str) -> Identity:
    """Returns the identity of the token with this key, and notes its use once a minute. NOBODY if
    it is not in force."""
    with read_transaction(QUICK) as session:
        found = api_tokens.find_bearer(session, key, actor.at)
    if found is None:
        return NOBODY
    is_old = found.last_used_at is None or actor.at - found.last_used_at > USED_AGAIN
    if is_old and len(_used) < NOTED_MAX:
        _used.add(key)
    return Identity(Role(found.role), found.person_id, token_scope=TokenScope(found.scope))


def record_token_uses(actor: Actor) -> bool:
    """Records the use of up to RECORDED_AT_ONCE tokens; returns True if more are noted."""
    require(actor, Verb.OPERATE)
    keys = list(_used.copy())[:RECORDED_AT_ONCE]
    if keys:
        with write_transaction() as session:
            api_tokens.use(session, keys, actor.at)
        _used.difference_update(keys)
    return bool(_used)
