"""Passwords are hashed by two threads, are never shown, and tell nobody which addresses exist."""

import asyncio
import logging
from threading import Event, Lock
from typing import Literal

import pytest
from argon2 import PasswordHasher

from ticket_app.errors import BusyError, InvalidInputError
from ticket_app.services import bulkhead
from ticket_app.services.people.signing_in import passwords
from ticket_app.services.people.signing_in.password_rules import require_good_password
from ticket_app.services.people.signing_in.passwords import (
    hash_password,
    needs_rehash,
    verify_password,
)
from ticket_app.services.threads import QUICK
from ticket_app.vocabulary import PASSWORD_MAX, PASSWORD_MIN

GOOD = "teapot lantern gravel"


class Counting(PasswordHasher):
    """argon2id, with the number of comparisons and of those that ran at once.

    Each waits until `release` is set.
    """

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self.compared: list[str] = []
        self.at_once, self.most_at_once = 0, 0
        self.release = Event()
        self._lock = Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # as argon2's
        with self._lock:
            self.compared.append(str(hash))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.release.wait(60)
        try:
            return super().verify(hash, password)
        finally:
            with self._lock:
                self.at_once -= 1


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    hasher = Counting()
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    return hasher


def test_only_the_password_opens() -> None:
    async def scene() -> None:
        stored = await hash_password(GOOD)
        assert stored.startswith("$argon2id$") and GOOD not in stored
        assert stored != await hash_password(GOOD)
        assert await verify_password(GOOD, stored)
        assert not await verify_password(GOOD.upper(), stored)
        assert not await verify_password("", stored)
        assert not await verify_password(GOOD, None)

    asyncio.run(scene())


def test_a_password_is_the_same_from_every_keyboard() -> None:
    async def scene() -> None:
        stored = await hash_password("crème brûlée \uff46\uff4f\uff55\uff52 ½")
        assert await verify_password("cre\u0300me bru\u0302le\u0301e four 1\u20442", stored)

    asyncio.run(scene())


@pytest.mark.parametrize("typed", ["x" * 1_000_000, "\u0327\u0301" * 500_000, "\ud800", "\x00"])
def test_any_text_is_compared_and_wrong(typed: str) -> None:
    async def scene() -> None:
        stored = await hash_password(GOOD)
        assert not await verify_password(typed, stored)

    asyncio.run(scene())


def test_a_longer_text_than_a_password_can_be_is_not_cut_to_one() -> None:
    async def scene() -> None:
        stored = await hash_password("y" * passwords.TYPED_MAX)
        assert not await verify_password("y" * (passwords.TYPED_MAX + 1), stored)

    asyncio.run(scene())


def test_an_unknown_address_costs_what_a_known_one_costs(counting: Counting) -> None:
    counting.release.set()

    async def scene() -> None:
        stored = await hash_password(GOOD)
        for typed in ("wrong", "x" * 1_000_000):
            for known in (stored, None):
                counting.compared.clear()
                assert not await verify_password(typed, known)
                (compared,) = counting.compared
                assert not needs_rehash(compared)  # the same parameters, so the same work

    asyncio.run(scene())


def test_a_hundred_at_once_take_two_threads_and_hold_nobody_up(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulkhead, "WAITING_SECONDS", 60)  # a busy machine may be slow

    async def scene() -> None:
        asked = [asyncio.create_task(verify_password(GOOD, None)) for _ in range(100)]
        assert await QUICK.do(lambda: 7) == 7
        assert not any(task.done() for task in asked)
        counting.release.set()
        assert await asyncio.gather(*asked) == [False] * 100

    asyncio.run(scene())
    assert (len(counting.compared), counting.most_at_once) == (100, 2)


def test_who_waits_too_long_is_told_that_the_desk_is_busy(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulkhead, "WAITING_SECONDS", 0.1)

    async def scene() -> None:
        first, second, third = [asyncio.create_task(verify_password(GOOD, None)) for _ in range(3)]
        with pytest.raises(BusyError):
            await third
        counting.release.set()
        assert await asyncio.gather(*[first, second]) == [False, False]

    asyncio.run(scene())
    assert len(counting.compared) == 2


def test_a_hash_of_other_parameters_is_told() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    assert needs_rehash(weak)
    assert asyncio.run(verify_password(GOOD, weak))
    assert not needs_rehash(asyncio.run(hash_password(GOOD)))


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x7!Kq2#mZ9$vR4&",
        "なつかしい夏の日に海で見た大きな船",
        "x" * 7 + "teapot" + "lantern",
        "teapot " * 2 + "lantern gravel " * 7,
        "Ada likes her teapots",
    ],
)
def test_a_long_password_of_any_characters_is_good(password: str) -> None:
    assert PASSWORD_MIN <= len(password) <= PASSWORD_MAX
    require_good_password(password, name="Ada Lovelace", email="ada.lovelace@example.com")


@pytest.mark.parametrize(
    ("password", "advice"),
    [
        ("", "15 characters or more"),
        ("teapot lantern", "15 characters or more"),
        ("e\u0301" * 14, "15 characters or more"),
        (GOOD * 7, "128 characters or fewer"),
        ("x" * 1_000_000, "128 characters or fewer"),
        ("ada.lovelace@example.com", "easy to guess"),
        ("Ada Lovelace 1815", "easy to guess"),
        ("lovelace.ada.2026", "easy to guess"),
        ("password1234567", "easy to guess"),
        ("Correct Horse Battery Staple", "easy to guess"),
        ("1234567890123456", "easy to guess"),
        ("ASDFGHJKLZXCVBNM", "easy to guess"),
        ("zyxwvutsrqponmlk", "easy to guess"),
        ("abc1abc1abc1abc1", "easy to guess"),
        (" " * 20, "easy to guess"),
    ],
)
def test_a_password_that_is_refused_comes_with_advice(password: str, advice: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        require_good_password(password, name="Ada Lovelace", email="ada.lovelace@example.com")
    (problem,) = refused.value.problems
    assert problem.field == "password" and advice in problem.message


def test_no_password_in_a_log_or_an_error(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "Ada-Lovelace-hunter2"  # noqa: S105  # a made-up one

    async def scene() -> None:
        stored = await hash_password(secret)
        await verify_password(secret, stored)
        await verify_password(secret, None)
        with pytest.raises(ValueError) as damaged:  # noqa: PT011  # whatever it says
            await verify_password(secret, "damaged")
        with pytest.raises(InvalidInputError) as refused:
            require_good_password(secret, name="Ada Lovelace", email="hunter2@example.com")
        assert "hunter2" not in f"{damaged.value!r} {refused.value!r} {refused.value.problems}"

    asyncio.run(scene())
    assert "hunter2" not in caplog.text
