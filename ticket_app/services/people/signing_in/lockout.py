"""The lockout of sign-ins: it slows those who guess passwords, and not the people they guess at.

An attempt is counted before its password is compared, so that many at once are as few as one after
the other. A right password takes the count back.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlmodel import Session

from ticket_app.data.people import failures
from ticket_app.errors import TooManyAttemptsError


class Limit(NamedTuple):
    """Failures that are allowed within a window of time."""

    most: int
    window: timedelta


OF_ADDRESS_AND_CLIENT = Limit(10, timedelta(minutes=15))
OF_ADDRESS = Limit(50, timedelta(hours=1))
"""Not for clients from which this person has a session: nobody can lock them out of those."""
OF_CLIENT = Limit(100, timedelta(minutes=15))
OF_CODES = Limit(20, timedelta(days=1))
"""Wrong codes of a person's second factor: in a year of guessing, about one chance in fifty."""
LONGEST_WINDOW = max(
    each.window for each in (OF_ADDRESS_AND_CLIENT, OF_ADDRESS, OF_CLIENT, OF_CODES)
)


class Subjects(NamedTuple):
    """What an attempt is counted for: the key and limit of each, and the key of address and
    client."""

    limits: Mapping[str, Limit]
    pair: str


def subjects_of(address: str, client: str, *, is_known: bool) -> Subjects:
    """Returns the subjects of an attempt for a folded address by a client.

    `is_known` is True if the person of the address has a session from this client.
    """
    pair = _key("pair", address, client)
    limits = {pair: OF_ADDRESS_AND_CLIENT, _key("client", client): OF_CLIENT}
    if not is_known:
        limits[_key("address", address)] = OF_ADDRESS
    return Subjects(dict(sorted(limits.items())), pair)


def subjects_of_codes(person_id: int, known_client: str) -> Subjects:
    """Returns the subject of a code of a person's second factor.

    `known_client` is a client from which the person has a session, which is counted apart; ""
    stands for all others together.
    """
    key = _key("codes", str(person_id), known_client)
    return Subjects({key: OF_CODES}, key)


def require_attempt_left(session: Session, subjects: Subjects, now: datetime) -> None:
    """Raises TooManyAttemptsError if a subject has failed too often."""
    found = failures.find(session, subjects.limits)
    for key, (failed, started) in found.items():
        limit = subjects.limits[key]
        ends = started + limit.window
        if failed >= limit.most and now < ends:
            raise TooManyAttemptsError(max(1, round((ends - now).total_seconds())))


def count_attempt(session: Session, subjects: Subjects, now: datetime) -> bool:
    """Counts an attempt as a failure, and returns True if it is the last one that a limit allows.

    Raises TooManyAttemptsError if others came first.
    """
    is_last = False
    for key, limit in subjects.limits.items():
        failed = failures.count(session, key, now, since=now - limit.window)
        if failed > limit.most:
            raise TooManyAttemptsError(round(limit.window.total_seconds()))
        is_last |= failed == limit.most
    return is_last


def take_back_attempt(session: Session, subjects: Subjects) -> None:
    """Takes back the count of an attempt that was not a failure."""
    for key in subjects.limits:
        failures.take_back(session, key)


def clear_failures(session: Session, subjects: Subjects) -> None:
    """Takes back an attempt that succeeded, and forgets the failures of its address and client."""
    take_back_attempt(session, subjects)
    failures.clear(session, subjects.pair)


def _key(*subject: str) -> str:
    return sha256("\0".join(subject).encode("utf-8", "surrogatepass")).hexdigest()
