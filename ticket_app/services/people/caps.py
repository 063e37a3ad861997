"""Caps on what people cost the desk who have not signed in, and on what anyone's drafts cost.

The counts are in the memory of each process. They are bounded, and end with it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from time import monotonic
from typing import NamedTuple

from ticket_app.actor import Actor
from ticket_app.addresses import folded
from ticket_app.errors import TooManyRequestsError
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.tokens import new_token


class Cap(NamedTuple):
    """Requests that are allowed within any `seconds`."""

    most: int
    seconds: float


TICKETS_OF_CLIENT = Cap(20, 3600.0)
TICKETS_OF_ADDRESS = Cap(10, 3600.0)
MESSAGES_OF_CLIENT = Cap(30, 3600.0)
UPLOADS_OF_CLIENT = Cap(60, 3600.0)
SUGGESTIONS_OF_CLIENT = Cap(60, 60.0)
DRAFTS_OF_PERSON = Cap(60, 3600.0)
SUBJECTS_MAX = 5_000
"""Clients and addresses that are remembered for a cap. Beyond them the one seen longest ago is
forgotten."""


class Counted:
    """The recent requests of each subject: the time of each, and the key by which it is known."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: dict[Cap, OrderedDict[str, dict[str, float]]] = {}

    def count(self, subjects: Mapping[Cap, str], key: str) -> None:
        """Counts a request for each subject, unless it was counted before. Raises
        TooManyRequestsError, and counts nothing, if a subject has reached its cap."""
        now = monotonic()
        with self._lock:
            found = [(cap, self._recent(cap, subject, now)) for cap, subject in subjects.items()]
            waits = [
                min(recent.values()) + cap.seconds - now
                for cap, recent in found
                if len(recent) >= cap.most and key not in recent
            ]
            if waits:
                raise TooManyRequestsError(max(waits))
            for _, recent in found:
                recent.setdefault(key, now)

    def _recent(self, cap: Cap, subject: str, now: float) -> dict[str, float]:
        subjects = self._requests.setdefault(cap, OrderedDict())
        before = subjects.pop(subject, {})
        recent = {key: at for key, at in before.items() if now - at < cap.seconds}
        subjects[subject] = recent
        while len(subjects) > SUBJECTS_MAX:
            subjects.popitem(last=False)
        return recent


counted = Counted()


def count_filing(actor: Actor, client: str, email: str, key: str) -> None:
    """Counts a ticket that is about to be filed with this e-mail address from this client.

    A form that is sent again with its `key` counts once. Raises TooManyRequestsError. Whoever has
    signed in is not counted.
    """
    require(actor, Verb.FILE_TICKET)
    if _is_capped(actor):
        counted.count({TICKETS_OF_CLIENT: client, TICKETS_OF_ADDRESS: folded(email)}, key)


def count_suggestion(actor: Actor, client: str) -> None:
    """Counts a suggestion for a text from this client, as `count_filing`."""
    require(actor, Verb.FILE_TICKET)
    if _is_capped(actor):
        counted.count({SUGGESTIONS_OF_CLIENT: client}, new_token())


def count_message(actor: Actor, client: str, key: str) -> None:
    """Counts a message that is about to be posted from this client, as `count_filing`."""
    require(actor, Verb.REPLY)
    if _is_capped(actor):
        counted.count({MESSAGES_OF_CLIENT: client}, key)


def count_upload(actor: Actor, client: str) -> None:
    """Counts a file that is about to be uploaded from this client, as `count_filing`."""
    require(actor, Verb.REPLY)
    if _is_capped(actor):
        counted.count({UPLOADS_OF_CLIENT: client}, new_token())


def count_draft(actor: Actor) -> None:
    """Counts a reply that a provider is about to draft for the actor. Raises TooManyRequestsError.

    At an open desk, where nobody is known, those of a client are counted together.
    """
    require(actor, Verb.ASK_PROVIDER)
    person_id = actor.identity.person_id
    who = actor.client_address if person_id is None else str(person_id)
    counted.count({DRAFTS_OF_PERSON: who}, new_token())


def _is_capped(actor: Actor) -> bool:
    return actor.identity.role is None
