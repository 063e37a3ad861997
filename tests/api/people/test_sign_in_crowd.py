"""Sign-ins of many people and of attackers, over HTTP."""

import asyncio
from threading import Event
from typing import Any

import httpx2
import pytest

from harness.accounts import ADMINISTRATOR, PASSWORD, administrator, session_token
from tests.api.people.conftest import ORIGIN, OWN_PAGE, with_session
from ticket_app.api.app import make_api
from ticket_app.services.people.signing_in import passwords
from ticket_app.services.people.signing_in.lockout import OF_ADDRESS_AND_CLIENT

PEOPLE = 100
SECONDS = 30
TICKET = {"title": "A", "description": "B"}


def client(address: str = "198.51.100.7") -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(make_api(), client=(address, 5000))
    return httpx2.AsyncClient(transport=transport, base_url=ORIGIN, timeout=30)


async def sign_in(browser: httpx2.AsyncClient, email: str, password: str, **more: str) -> Any:
    form = {"email": email, "password": password}
    return await browser.post("/api/sign-in", data=form, headers=OWN_PAGE | more)


@pytest.mark.usefixtures("sqlite_database")
def test_a_hundred_sign_ins_at_once_hold_up_no_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    token, release = session_token(administrator()), Event()

    def held(password: str, stored: str | None) -> bool:
        release.wait(SECONDS)
        return False

    monkeypatch.setattr(passwords, "_verify", held)

    async def scene() -> None:
        async with client() as browser:
            tries = [
                asyncio.create_task(sign_in(browser, f"p{number}@example.com", "guess"))
                for number in range(PEOPLE)
            ]
            filed = await browser.post("/api/tickets/", json=TICKET, headers=with_session(token))
            assert filed.status_code == 201
            assert not any(each.done() for each in tries)
            release.set()
            answers = await asyncio.gather(*tries)
            assert {each.headers["location"] for each in answers} == {"/sign-in?problem=wrong"}

    asyncio.run(scene())


@pytest.mark.usefixtures("sqlite_database")
def test_a_header_of_the_clients_own_makes_no_other_client_of_it() -> None:
    administrator()

    async def scene() -> list[str]:
        places = []
        async with client() as browser:
            for number in range(OF_ADDRESS_AND_CLIENT.most + 1):
                forged = {"x-forwarded-for": f"203.0.113.{number}", "x-real-ip": "203.0.113.9"}
                answer = await sign_in(browser, ADMINISTRATOR, "guess", **forged)
                places.append(answer.headers["location"])
        return places

    wrong = ["/sign-in?problem=wrong"] * OF_ADDRESS_AND_CLIENT.most
    assert asyncio.run(scene()) == [*wrong, "/sign-in?problem=wait"]


@pytest.mark.usefixtures("sqlite_database")
def test_a_forged_host_appears_in_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    administrator()

    async def scene() -> None:
        forged = {"host": "evil.example", "origin": "http://evil.example"}
        async with client() as browser:
            answer = await sign_in(browser, ADMINISTRATOR, PASSWORD, **forged)
            assert "evil" not in f"{answer.headers}{answer.text}"
            assert answer.headers["location"] == "/"

    asyncio.run(scene())
