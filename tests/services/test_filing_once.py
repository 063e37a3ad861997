"""Whoever files with the same key at the same moment, wherever, files one ticket."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import text

from tests.services.desk import PLAIN, all_tickets
from tests.services.test_concurrency import at_once
from ticket_app.data.engine import get_engine, writing
from ticket_app.errors import IdempotencyKeyReusedError
from ticket_app.schemas.tickets import TicketCreate
from ticket_app.services.tickets import keys
from ticket_app.services.tickets.filing import Filed, Request, file_all_once, file_once
from ticket_app.services.tickets.keys import forget_old_keys
from ticket_app.vocabulary import Edge

pytestmark = pytest.mark.usefixtures("database")


def wanted(key: str | None, title: str = "Wallpaper") -> Request:
    """A request for a plain ticket."""
    return Request(TicketCreate.model_validate(PLAIN | {"title": title}), key)


def test_many_writers_with_the_same_keys_in_any_order() -> None:
    filed: list[Filed] = []

    def write(writer: int) -> None:
        names = [f"key {number}" for number in range(12)]
        turned = names[writer:] + names[:writer]
        lots = (turned[:6], turned[6:]) if writer % 2 else (turned[5::-1], turned[:5:-1])
        for lot in lots:
            outcomes = file_all_once([wanted(key, key) for key in lot], Edge.REST)
            filed.extend(outcome for outcome in outcomes if isinstance(outcome, Filed))

    at_once(write)
    assert Counter(one.ticket.title for one in filed) == {f"key {n}": 8 for n in range(12)}
    assert sum(not one.replayed for one in filed) == 12
    assert sorted({one.ticket.id for one in filed}) == sorted(t.id for t in all_tickets())


@contextmanager
def an_unfinished_request(key: str) -> Iterator[None]:
    """Another process has claimed the key, and commits when the block ends."""
    (earlier,) = file_all_once([wanted(None)], Edge.REST)
    assert isinstance(earlier, Filed)
    with writing() as session:
        row = {"key": key, "print": "0" * 64, "of": earlier.ticket.id}
        statement = "INSERT INTO idempotency_key (key, fingerprint, ticket_id, ticket) "
        session.execute(text(f"{statement} VALUES (:key, :print, :of, '')"), row)
        yield


def test_the_second_waits_until_the_first_has_ended() -> None:
    with ThreadPoolExecutor(1) as other:
        with an_unfinished_request("slow"):
            second = other.submit(file_once, wanted("slow"), Edge.BROWSER)
            assert not Event().wait(0.2) and not second.done()
        with pytest.raises(IdempotencyKeyReusedError, match="was used for ticket 1"):
            second.result(timeout=30)
    assert len(all_tickets()) == 1


def test_a_first_that_fails_leaves_the_key_to_the_second() -> None:
    with ThreadPoolExecutor(1) as other:
        with suppress(ZeroDivisionError), an_unfinished_request("failing"):
            second = other.submit(file_once, wanted("failing"), Edge.BROWSER)
            raise ZeroDivisionError
        assert second.result(timeout=30).replayed is False
    assert len(all_tickets()) == 2


def test_keys_are_forgotten_after_a_day_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "FORGOTTEN_AT_ONCE", 2)
    for number in range(5):
        file_once(wanted(f"old {number}"), Edge.REST)
    file_once(wanted("young"), Edge.REST)
    age("old %", timedelta(hours=25))
    age("young", timedelta(hours=23))
    assert [forget_old_keys() for _ in range(4)] == [True, True, False, False]
    assert file_once(wanted("young"), Edge.REST).replayed is True
    assert file_once(wanted("old 1"), Edge.REST).replayed is False
    assert len(all_tickets()) == 7


def age(pattern: str, by: timedelta) -> None:
    """Make keys older."""
    at = datetime.now(UTC) - by
    value = at if get_engine().dialect.name == "postgresql" else f"{at:%Y-%m-%d %H:%M:%S.%f}"
    with writing() as session:
        statement = "UPDATE idempotency_key SET created_at = :at WHERE key LIKE :pattern"
        session.execute(text(statement), {"at": value, "pattern": pattern})
