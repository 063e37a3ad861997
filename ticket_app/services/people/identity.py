"""Recognises who acts, for an edge, before there is an actor.

While the desk has no account it is open. A process looks for the first account every
CACHE_SECONDS; once there was one, the desk stays closed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Lock
from time import monotonic
from typing import NamedTuple

from ticket_app.actor import NOBODY, OPEN_DESK, Actor, Identity, by_command
from ticket_app.bus import Ending, bus
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts, sessions
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.services.bulkhead import Bulkhead
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.tokens import TOKEN_LENGTHS, digest
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Role

CACHE_SECONDS = 2.0
"""Seconds for which a process remembers a session or an API token. A revoked one ends within them
in a process that the bus has not told of it."""
CACHED_MAX = 10_000
RECORDED_AT_ONCE = 500
IDENTIFYING = Bulkhead("identity", 2)
"""Lookups of sessions, which every other request of a person waits for."""
SEEN_AGAIN = timedelta(minutes=1)
"""Time from one record of a session's use to the next."""


HANDSHAKE = "desk.handshake"
"""The key in the ASGI scope of a page's websocket under which the gateway puts its Handshake."""


class Handshake(NamedTuple):
    """What a page's websocket says of its visitor. The page's State never gets the token."""

    token: str | None
    client_address: str


class _Cached(NamedTuple):
    identity: Identity
    until: float


_Flight = tuple[asyncio.AbstractEventLoop, str, int]
"""A lookup under way: its event loop, its key, and how often was forgotten before it began."""


class _Memory:
    """What this process remembers. `is_open` is None until it is read. `sessions` has the API
    tokens too. `used` are the keys of sessions whose use is to be recorded. `flights` are the
    lookups under way.

    Services forget from any thread. What was read while `forgotten` grew may be out of date, and is
    not remembered.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.forgotten = 0
        self.is_open: bool | None = None
        self.sessions: OrderedDict[str, _Cached] = OrderedDict()
        self.used: set[str] = set()
        self.flights: dict[_Flight, asyncio.Task[Identity]] = {}


_memory = _Memory()
_listeners: list[Callable[[], None]] = []


async def identify(token: str | None) -> Identity:
    """Returns the identity of the holder of a session's token.

    NOBODY without a session that is in force; OPEN_DESK for everyone while the desk is open. Raises
    DatabaseUnavailableError or BusyError if that cannot be read now.
    """
    if await is_open():
        return OPEN_DESK
    if token is None or len(token) not in TOKEN_LENGTHS:
        return NOBODY
    return await identify_by_key(digest(token))


async def identify_by_key(key: str) -> Identity:
    """Returns the identity of the session with this key, as `identify` does."""
    return await recall(key, partial(read_identity, by_command(), key))


def key_of_token(digest: str) -> str:
    """Returns the key under which an API token is remembered, which no session has."""
    return f"api token {digest}"


async def recall(key: str, read: Callable[[], Identity]) -> Identity:
    """Returns the identity remembered under a key, or reads it and remembers it CACHE_SECONDS.

    Requests that come while it is read share that one lookup (single-flight).
    """
    known = _memory.sessions.get(key)
    if known is not None and monotonic() < known.until:
        return known.identity
    # What was forgotten since a lookup began may have changed its answer, so a new one begins.
    flight = (asyncio.get_running_loop(), key, _memory.forgotten)
    task = _memory.flights.get(flight)
    if task is None:
        task = _memory.flights[flight] = asyncio.create_task(_look_up(key, read, flight[2]))
        task.add_done_callback(partial(_landed, flight))
    # A request that is given up ends its own waiting, and not the lookup of the others.
    return await asyncio.shield(task)


async def _look_up(key: str, read: Callable[[], Identity], forgotten: int) -> Identity:
    identity = await IDENTIFYING.do(read)
    _remember(key, identity, forgotten)
    return identity


def _landed(flight: _Flight, task: "asyncio.Task[Identity]") -> None:
    _memory.flights.pop(flight, None)
    if not task.cancelled():
        task.exception()  # marks it as seen, also if nobody waits any more


async def is_open() -> bool:
    """Returns True if no account was ever created, as this process last read."""
    known = _memory.is_open
    return await refresh() if known is None else known


async def refresh() -> bool:
    """Reads again whether the desk is open, unless it is known to be closed, and returns it."""
    if _memory.is_open is False:
        return False
    forgotten = _memory.forgotten
    found = await IDENTIFYING.do(partial(read_is_open, by_command()))
    with _memory.lock:
        if forgotten == _memory.forgotten:
            _memory.is_open = found
    return found


def read_is_open(actor: Actor) -> bool:
    """Returns True if no account was ever created."""
    with read_transaction(QUICK) as session:
        return accounts.read_fact(session).accounts_since is None


def read_identity(actor: Actor, key: str) -> Identity:
    """Returns the identity of the session with this key, and notes its use once a minute."""
    with read_transaction(QUICK) as session:
        found = sessions.find_session(session, key, actor.at)
    if found is None:
        return NOBODY
    if actor.at - found.last_seen_at > SEEN_AGAIN and len(_memory.used) < CACHED_MAX:
        _memory.used.add(key)
    return _identity_of(found)


def record_uses(actor: Actor) -> bool:
    """Records the use of up to RECORDED_AT_ONCE sessions; returns True if more are noted.

    A request writes nothing to be recognised, so it does not wait for the lock of other writers.
    """
    require(actor, Verb.OPERATE)
    keys = list(_memory.used.copy())[:RECORDED_AT_ONCE]
    if keys:
        with write_transaction() as session:
            sessions.see(session, keys, actor.at)
        _memory.used.difference_update(keys)
    return bool(_memory.used)


@contextmanager
def told_of_endings(listener: Callable[[], None]) -> Iterator[None]:
    """Calls the listener during the block whenever a session may have ended in this process, from
    any thread."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def forget(key: str | None = None) -> None:
    """Forgets a session or a token, or everything with None: it is read again at its next use. The
    bus tells the other processes."""
    if key is None:
        with _memory.lock:
            _memory.is_open = None
            _memory.used.clear()
    _forget(Ending(key=key))
    bus.publish_ending(Ending(key=key))


def forget_person(person_id: int) -> None:
    """Forgets the sessions and the API tokens of a person, as `forget` does."""
    _forget(Ending(person_id=person_id))
    bus.publish_ending(Ending(person_id=person_id))


@contextmanager
def hearing_of_endings() -> Iterator[None]:
    """Forgets during the block what ends in other processes, as the bus tells."""
    with bus.told_of_endings(_forget):
        yield


def _forget(ended: Ending) -> None:
    with _memory.lock:
        _memory.forgotten += 1
        if ended.key is not None:
            _memory.sessions.pop(ended.key, None)
        elif ended.person_id is not None:
            known = list(_memory.sessions.items())
            for key in (key for key, each in known if each.identity.person_id == ended.person_id):
                del _memory.sessions[key]
        else:
            # A desk that is closed stays so. Else every request would look again at once.
            _memory.is_open = None if _memory.is_open else _memory.is_open
            _memory.sessions.clear()
    for listener in _listeners:
        listener()


def _identity_of(found: sessions.SignedIn) -> Identity:
    """Returns whom a session stands for: without a role, until a second factor that it needs is
    set up. A provider that vouches for the session asks for one by itself."""
    role = Role(found.role)
    is_needed = role in get_settings().require_second_factor
    if is_needed and not (found.has_factor or found.by_provider):
        return Identity(None, found.person_id, found.key, awaits_factor=True)
    return Identity(role, found.person_id, found.key)


def _remember(key: str, identity: Identity, forgotten: int) -> None:
    with _memory.lock:
        if forgotten != _memory.forgotten:
            return
        _memory.sessions[key] = _Cached(identity, monotonic() + CACHE_SECONDS)
        _memory.sessions.move_to_end(key)
        while len(_memory.sessions) > CACHED_MAX:
            _memory.sessions.popitem(last=False)
