"""Concurrent creates with the same idempotency key, in any process, file one ticket."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import PLAIN, all_tickets
from tests.services.tickets.test_concurrency import at_once
from ticket_app import actor as actors
from ticket_app.actor import NOBODY, by_command
from ticket_app.data.engine import get_engine, write_transaction
from ticket_app.errors import IdempotencyKeyReusedError, SignInRequiredError
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.tickets import keys
from ticket_app.services.tickets.filing import Filed, Request, file_all_once, file_once
from ticket_app.services.tickets.keys import expire_idempotency_keys
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.usefixtures("database")


def request_for(key: str | None, title: str = "Wallpaper") -> Request:
    """Returns a request for a plain ticket."""
    return Request(over_rest(), TicketCreate.model_validate(PLAIN | {"title": title}), key)


def test_many_writers_with_the_same_keys_in_any_order() -> None:
    filed: list[Filed] = []

    def write(writer: int) -> None:
        names = [f"key {number}" for number in range(12)]
        turned = names[writer:] + names[:writer]
        lots = (turned[:6], turned[6:]) if writer % 2 else (turned[5::-1], turned[:5:-1])
        for lot in lots:
            outcomes = file_all_once([request_for(key, key) for key in lot])
            filed.extend(outcome for outcome in outcomes if isinstance(outcome, Filed))

    at_once(write)
    assert Counter(one.ticket.title for one in filed) == {f"key {n}": 8 for n in range(12)}
    assert sum(not one.replayed for one in filed) == 12
    assert sorted({one.ticket.id for one in filed}) == sorted(t.id for t in all_tickets())


@contextmanager
def unfinished_request(key: str) -> Iterator[None]:
    """Another process has claimed the key, and commits when the block ends."""
    (earlier,) = file_all_once([request_for(None)])
    assert isinstance(earlier, Filed)
    with write_transaction() as session:
        row = {"key": key, "print": "0" * 64, "of": earlier.ticket.id}
        statement = "INSERT INTO idempotency_key (key, fingerprint, ticket_id, ticket) "
        session.execute(text(f"{statement} VALUES (:key, :print, :of, '')"), row)
        yield


def test_the_second_waits_until_the_first_has_ended() -> None:
    with ThreadPoolExecutor(1) as other:
        with unfinished_request("slow"):
            second = other.submit(file_once, *request_for("slow"))
            assert not Event().wait(0.2) and not second.done()
        with pytest.raises(IdempotencyKeyReusedError, match="was used for ticket 1"):
            second.result(timeout=30)
    assert len(all_tickets()) == 1


def test_a_first_that_fails_leaves_the_key_to_the_second() -> None:
    with ThreadPoolExecutor(1) as other:
        with suppress(ZeroDivisionError), unfinished_request("failing"):
            second = other.submit(file_once, *request_for("failing"))
            raise ZeroDivisionError
        assert second.result(timeout=30).replayed is False
    assert len(all_tickets()) == 2


def test_keys_expire_after_a_day_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "EXPIRED_AT_ONCE", 2)
    for number in range(5):
        file_once(*request_for(f"old {number}"))
    file_once(*request_for("young"))
    age_keys("old %", timedelta(hours=25))
    age_keys("young", timedelta(hours=23))
    assert [expire_idempotency_keys(by_command()) for _ in range(4)] == [True, True, False, False]
    assert file_once(*request_for("young")).replayed is True
    assert file_once(*request_for("old 1")).replayed is False
    assert len(all_tickets()) == 7


def age_keys(pattern: str, by: timedelta) -> None:
    """Make the keys that match this pattern older."""
    at = datetime.now(UTC) - by
    value = at if get_engine().dialect.name == "postgresql" else f"{at:%Y-%m-%d %H:%M:%S.%f}"
    with write_transaction() as session:
        statement = "UPDATE idempotency_key SET created_at = :at WHERE key LIKE :pattern"
        session.execute(text(statement), {"at": value, "pattern": pattern})


def of_person(email: str, key: str = "same", title: str = "Wallpaper") -> Request:
    """Returns a request of a new agent who has signed in."""
    return request_for(key, title)._replace(actor=acting(account(email, Role.AGENT), Role.AGENT))


def test_the_same_key_of_two_people_is_two_keys() -> None:
    administrator()
    bea, eve = of_person("bea@example.com"), of_person("eve@example.com")
    stranger = bea._replace(actor=actors.over_rest(NOBODY))
    before = file_once(*request_for("same"))
    filed = [file_once(*each) for each in (bea, eve, stranger)]
    assert len({each.ticket.id for each in (before, *filed)}) == 4
    assert [file_once(*each) for each in (bea, eve, stranger)] == [
        each._replace(replayed=True) for each in filed
    ]
    other = bea._replace(new=bea.new.model_copy(update={"title": "Another"}))
    with pytest.raises(IdempotencyKeyReusedError):
        file_once(*other)


def test_a_key_of_an_open_desk_is_stored_as_it_came() -> None:
    file_once(*request_for("a-key"))
    with get_engine().connect() as connection:
        assert list(connection.execute(text("SELECT key FROM idempotency_key"))) == [("a-key",)]


@pytest.mark.parametrize("key", [None, "a-key"])
def test_who_may_not_file_does_not_hinder_the_others_of_a_batch(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_FORM", "false")
    get_settings.cache_clear()
    refused = request_for(key)._replace(actor=actors.over_rest(NOBODY))
    outcomes = file_all_once([refused, request_for(key), refused])
    assert [type(each) for each in outcomes] == [SignInRequiredError, Filed, SignInRequiredError]
    assert [type(each) for each in file_all_once([refused])] == [SignInRequiredError]
    with pytest.raises(SignInRequiredError):
        file_once(*refused)
    assert len(all_tickets()) == 1
