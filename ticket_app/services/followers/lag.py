"""How far each follower is behind the record of events."""

from datetime import datetime
from typing import NamedTuple

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction
from ticket_app.data.followers import aside, places, record
from ticket_app.services.people.permission import Verb, require

COUNTED_MAX = 10_000


class Lag(NamedTuple):
    """A follower: `events` are those after its position, COUNTED_MAX at most, and `seconds` the age
    of the first of them. `holder` is the process that works for it now, if any.

    `waiting` events were put aside and are tried again. `given_up` ones are not, of which
    `first_given_up` is the first.
    """

    name: str
    position: int
    events: int
    seconds: float
    holder: str | None
    leased_until: datetime | None
    waiting: int
    given_up: int
    first_given_up: int | None


def followers(actor: Actor) -> list[Lag]:
    """Returns every follower that has begun, by name."""
    require(actor, Verb.OPERATE)
    found = []
    with read_transaction() as session:
        for place in places.every(session):
            first = record.time_after(session, place.position)
            held = place.leased_until is not None and place.leased_until > actor.at
            lag = Lag(
                name=place.name,
                position=place.position,
                events=record.count_after(session, place.position, limit=COUNTED_MAX),
                seconds=max(0.0, (actor.at - first).total_seconds()) if first else 0.0,
                holder=place.holder if held else None,
                leased_until=place.leased_until if held else None,
                **aside.count(session, place.name)._asdict(),
            )
            found.append(lag)
    return found
