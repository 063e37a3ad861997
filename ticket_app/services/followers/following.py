"""Shows each event of the record to a follower: at least once, after its commit, and in order for a
ticket; see decision 0041.

One process at a time works for a follower, by a lease that expires. An event at which the follower
fails is put aside and tried again later. Until then the later events of that ticket wait behind it,
and those of other tickets go on.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from time import monotonic
from typing import NamedTuple, TypeVar
from uuid import uuid4

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.followers import aside, places, record
from ticket_app.data.followers.record import EVERYTHING, Concerns, Event
from ticket_app.data.followers.tables import PutAside
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.people.permission import Verb, require

log = logging.getLogger(__name__)
Item = TypeVar("Item")

AT_ONCE = 1_000
"""Events of one batch, those included that do not concern the follower."""
RETRIED_AT_ONCE = 20
LEASE = timedelta(seconds=30)
WORKING_SECONDS = 10.0
"""A batch ends after so long, although events are left: well within the lease."""
ATTEMPTS_MAX = 10
PAUSE_SECONDS = 10.0
PAUSE_SECONDS_MAX = 600.0
"""Bounds of the exponential backoff. All attempts together take some 40 minutes."""

Handle = Callable[[Actor, Event], None]
"""What a follower does with an event, in WORKING_SECONDS at most. It may see an event twice, and
commits what it does by itself."""


class Horizon(NamedTuple):
    """The end of a batch, and the transactions that may still add an event before it."""

    upto: int
    writers: frozenset[str]


@dataclass
class Following:
    """A follower in this process. `holder` names the process in the lease. With `stopping` set the
    batch ends after the present event."""

    name: str
    handle: Handle
    concerns: Concerns = EVERYTHING
    holder: str = field(default_factory=lambda: uuid4().hex)
    horizon: Horizon | None = None
    stopping: bool = False


def prepare(actor: Actor, name: str, handle: Handle, concerns: Concerns = EVERYTHING) -> Following:
    """Returns a follower in this process, which begins with the first call of `follow`.

    It is shown the events that concern it alone, and passes the others.
    """
    require(actor, Verb.OPERATE)
    return Following(name, handle, concerns)


def follow(actor: Actor, following: Following) -> bool:
    """Shows the next events to a follower, AT_ONCE at most; returns True if there may be more.

    A new follower begins at the end of the record. Without the lease it does nothing.
    """
    require(actor, Verb.OPERATE)
    if not _has_work(actor, following):
        return False
    with write_transaction(QUICK) as session:
        until = actor.at + LEASE
        position = places.lease(session, following.name, following.holder, actor.at, until)
    if position is None:
        following.horizon = None
        return False
    return _retry(actor, following) | _go_on(actor, following, position)


def leave(actor: Actor, following: Following) -> None:
    """Ends the lease of this process, if it has one, so that another can go on at once."""
    require(actor, Verb.OPERATE)
    with write_transaction(QUICK) as session:
        places.end_lease(session, following.name, following.holder)


def _has_work(actor: Actor, following: Following) -> bool:
    """Returns True if there are events to be shown. It writes nothing: it is asked all the time."""
    with read_transaction(QUICK) as session:
        place = places.find(session, following.name)
        if place is not None:
            return bool(
                record.count_after(session, place.position, limit=1)
                or aside.due(session, following.name, actor.at, limit=1)
            )
        newest = record.newest_event(session)
    with write_transaction(QUICK) as session:
        places.add(session, following.name, newest, actor.at)
    return True


def _go_on(actor: Actor, following: Following, position: int) -> bool:
    """Shows the events after the position; returns True if there may be more."""
    upto = _settled(following, position)
    if upto is None:
        return following.horizon is not None
    with read_transaction(QUICK) as session:
        events = record.events_between(
            session, position, upto, concerns=following.concerns, limit=AT_ONCE
        )
        tickets = {event.ticket_id for event in events}
        held_up = aside.held_up(session, following.name, tickets)
    done, put_aside = 0, []
    for event in _in_time(following, events):
        if row := _shown(actor, following, event, waits=event.ticket_id in held_up):
            put_aside.append(row)
            held_up.add(event.ticket_id)
        done = event.id
    if not events or done == events[-1].id:
        done = upto
    return _moved(following, done, put_aside)


def _settled(following: Following, position: int) -> int | None:
    """Returns the end of a batch before which no event can appear any more; None for none yet.

    Each statement has a transaction of its own, because it has to see what was committed since the
    one before. See data/followers/record.py for the reason.
    """
    if following.horizon is None or following.horizon.upto <= position:
        with read_transaction(QUICK) as session:
            upto = record.end_of_batch(session, position, limit=AT_ONCE)
        if upto is None:
            following.horizon = None
            return None
        with read_transaction(QUICK) as session:
            following.horizon = Horizon(upto, record.writers(session))
    upto, before = following.horizon
    if before:
        with read_transaction(QUICK) as session:
            before &= record.writers(session)
        following.horizon = Horizon(upto, before)
    return None if before else upto


def _shown(actor: Actor, following: Following, event: Event, *, waits: bool) -> PutAside | None:
    """Shows an event to the follower; returns a row if it is put aside: it failed, or it waits."""
    failure = None if waits else _failure(actor, following, event)
    if not waits and failure is None:
        return None
    return PutAside(
        follower=following.name,
        event_id=event.id,
        ticket_id=event.ticket_id,
        attempts=0 if waits else 1,
        failure=failure,
        due_at=datetime.now(UTC) + (timedelta(0) if waits else _backoff(1)),
    )


def _failure(actor: Actor, following: Following, event: Event) -> str | None:
    """Lets the follower act; returns the class of its error. Raises DatabaseUnavailableError, which
    says nothing about the event."""
    try:
        following.handle(actor, event)
    except DatabaseUnavailableError:
        raise
    except Exception as error:
        # The edge of a follower: its fault is no reason to miss other events.
        log.exception("%s failed at event %d", following.name, event.id)
        return type(error).__name__
    return None


def _moved(following: Following, position: int, put_aside: Sequence[PutAside]) -> bool:
    """Writes how far the follower is, with what it has put aside. Without the lease nothing is
    written: another process shows the events again."""
    if not position:
        return False
    with write_transaction(QUICK) as session:
        now = datetime.now(UTC)
        if not places.move(session, following.name, following.holder, position, now):
            log.warning("%s goes on in another process", following.name)
            return False
        aside.add(session, put_aside)
    return True


def _retry(actor: Actor, following: Following) -> bool:
    """Tries events again that are due; returns True if one is done, so that the next of its ticket
    can follow."""
    with read_transaction(QUICK) as session:
        due = aside.due(session, following.name, actor.at, limit=RETRIED_AT_ONCE)
    tried = [_tried_again(actor, following, each) for each in _in_time(following, due)]
    return any(tried)


def _tried_again(actor: Actor, following: Following, due: aside.Due) -> bool:
    """Returns True if the event holds up its ticket no longer: it is done, or given up."""
    failure = _failure(actor, following, due.event)
    attempts, now = due.attempts + 1, datetime.now(UTC)
    given_up = failure is not None and attempts >= ATTEMPTS_MAX
    with write_transaction(QUICK) as session:
        if failure is None:
            aside.remove(session, following.name, due.event.id)
            return True
        aside.set_failed(
            session,
            following.name,
            due.event.id,
            attempts=attempts,
            failure=failure,
            due_at=now + _backoff(attempts),
            given_up_at=now if given_up else None,
        )
    if given_up:
        log.error("%s has given up event %d: %s", following.name, due.event.id, failure)
    return given_up


def _in_time(following: Following, items: Iterable[Item]) -> Iterator[Item]:
    """Yields the items for WORKING_SECONDS, or until the follower has to stop."""
    deadline = monotonic() + WORKING_SECONDS
    return takewhile(lambda _: monotonic() < deadline and not following.stopping, items)


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(PAUSE_SECONDS * 2.0 ** (attempts - 1), PAUSE_SECONDS_MAX))
