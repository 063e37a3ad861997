"""Whoever has not signed in costs the desk little, and those who have are not counted."""

import pytest

from ticket_app.actor import NOBODY, OPEN_DESK, Actor, Identity, by_command, over_rest
from ticket_app.errors import TooManyRequestsError
from ticket_app.services.people import caps
from ticket_app.services.people.caps import SUBJECTS_MAX, Cap, Counted
from ticket_app.vocabulary import Role

STRANGER = over_rest(NOBODY)


class Clock:
    """The time of the counts, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(caps, "monotonic", clock)
    monkeypatch.setattr(caps, "counted", Counted())
    return clock


def file(client: str, email: str, key: str, actor: Actor = STRANGER) -> None:
    caps.count_filing(actor, client, email, key)


def test_a_client_files_twenty_an_hour_for_any_addresses(clock: Clock) -> None:
    for number in range(20):
        clock.now += 60
        file("192.0.2.1", f"{number}@example.com", f"key {number}")
    with pytest.raises(TooManyRequestsError, match="Try again in 41 minutes") as refused:
        file("192.0.2.1", "new@example.com", "another")
    assert refused.value.retry_after_seconds == 41 * 60
    file("192.0.2.1", "0@example.com", "key 0")  # the same form again
    file("192.0.2.2", "new@example.com", "another")
    clock.now += 41 * 60
    file("192.0.2.1", "new@example.com", "another")
    with pytest.raises(TooManyRequestsError, match="Try again in a minute"):
        file("192.0.2.1", "new@example.com", "a third")


def test_ten_an_hour_are_filed_for_an_address_from_any_clients() -> None:
    for number in range(10):
        file(f"192.0.2.{number}", "Ana@Example.com", f"key {number}")
    with pytest.raises(TooManyRequestsError, match="Try again in 60 minutes"):
        file("192.0.2.99", "ana@example.com", "another")
    file("192.0.2.99", "bea@example.com", "another")


def test_what_is_refused_is_not_counted(clock: Clock) -> None:
    for number in range(10):
        file("192.0.2.1", "ana@example.com", f"key {number}")
    for number in range(100):
        with pytest.raises(TooManyRequestsError):
            file("192.0.2.1", "ana@example.com", f"refused {number}")
    for number in range(10):
        file("192.0.2.1", f"{number}@example.com", f"other {number}")
    clock.now += 3600
    file("192.0.2.1", "ana@example.com", "again")


def test_sixty_suggestions_a_minute_are_made(clock: Clock) -> None:
    for _ in range(60):
        caps.count_suggestion(STRANGER, "192.0.2.1")
    with pytest.raises(TooManyRequestsError):
        caps.count_suggestion(STRANGER, "192.0.2.1")
    caps.count_suggestion(STRANGER, "192.0.2.2")
    clock.now += 60
    caps.count_suggestion(STRANGER, "192.0.2.1")


@pytest.mark.parametrize(
    "actor",
    [
        by_command(),
        over_rest(OPEN_DESK),
        over_rest(Identity(Role.REQUESTER, 1, "key")),
        over_rest(Identity(Role.AGENT, 1, "key")),
    ],
)
def test_who_is_known_is_not_counted(actor: Actor) -> None:
    for number in range(100):
        file("192.0.2.1", "ana@example.com", f"key {number}", actor)
        caps.count_suggestion(actor, "192.0.2.1")


def test_the_memory_is_bounded() -> None:
    counted, cap = Counted(), Cap(2, 60.0)
    for number in range(3 * SUBJECTS_MAX):
        counted.count({cap: f"client {number}"}, "key")
    assert len(counted._requests[cap]) == SUBJECTS_MAX
    for key in "abcdefgh":
        if key in "ab":
            counted.count({cap: "one"}, key)
        else:
            with pytest.raises(TooManyRequestsError):
                counted.count({cap: "one"}, key)
    assert len(counted._requests[cap]["one"]) == cap.most
