"""Keys of the desk: derived from one secret in the database, so the same in every process.

A key of one purpose tells nothing about the key of another.
"""

import hmac
from hashlib import sha256
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from ticket_app.data.engine import get_engine, read_transaction
from ticket_app.data.people import accounts
from ticket_app.data.postgresql.timeouts import QUICK

_secrets: WeakKeyDictionary[Engine, bytes] = WeakKeyDictionary()


def derived_key(purpose: bytes) -> bytes:
    """Returns the key for a purpose, 32 bytes. The first call reads the database."""
    return hmac.digest(desk_secret(), purpose, sha256)


def desk_secret() -> bytes:
    """Returns the secret itself."""
    engine = get_engine()
    if engine not in _secrets:
        with read_transaction(QUICK) as session:
            _secrets[engine] = accounts.read_fact(session).link_secret.encode()
    return _secrets[engine]
