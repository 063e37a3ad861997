"""A desk with accounts as several processes, behind a proxy with TLS: one sign-in, one end."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from time import monotonic
from typing import Any

import httpx
import pytest

from harness.accounts import ADMINISTRATOR, PASSWORD, account, administrator, session_token
from tests import redis_server
from tests.conftest import leave_out, new_postgres
from tests.outsiders import Client, Handler
from tests.serving import RunningDesk, running_desks
from ticket_app.data.engine import use_database
from ticket_app.services.people import identity
from ticket_app.services.people.permission import Verb
from ticket_app.services.people.signing_in.lockout import OF_ADDRESS_AND_CLIENT
from ticket_app.services.people.tokens import COOKIE, COOKIE_OVER_TLS
from ticket_app.vocabulary import Role

HOST = "desk.example.com"
CLIENT, OTHER_CLIENT, GUESS = "10.2.0.1", "10.2.0.9", "not the right one"
BEA, CID = "bea@example.com", "cid@example.com"
SECONDS_TO_END = 5.0
PAGES = 4
"""So many that each of two workers has one, most likely."""
SET_ACTIVE = Handler(
    "ticket_app___state___people___people____people.set_active", ("person_id", "active"),
    Verb.MANAGE_PEOPLE,
)  # fmt: skip


@dataclass
class Desks:
    """Two servers of one desk, the second with two workers; the database's people."""

    one: RunningDesk
    other: RunningDesk
    ada: str
    bea: int
    cid: int


@pytest.fixture(scope="module")
def desks(
    postgres_server: str, _postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desks]:
    binary = redis_server.find_binary()
    if binary is None:
        leave_out("Redis", redis_server.HOW_TO_BRING_IT)
    folder = tmp_path_factory.mktemp("processes")
    url = new_postgres(postgres_server, template=_postgres_template)
    with redis_server.running_redis(binary) as redis:
        use_database(url)
        identity.forget()
        people = (
            session_token(administrator()), account(BEA, Role.AGENT), account(CID, Role.REQUESTER),
        )  # fmt: skip
        settings = {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url,
            "TRUSTED_PROXIES": "127.0.0.1",
            "ALLOWED_HOSTS": f"{HOST},localhost",
        }
        with running_desks(folder, settings, settings | {"WORKERS": "2"}) as (one, other):
            yield Desks(one, other, *people)
        use_database(None)
        identity.forget()


def post(
    desk: RunningDesk, form: str, cookie: str = "", client: str = CLIENT, **fields: str
) -> Any:
    """Sends a form as a browser does, whose proxy ends TLS."""
    headers = {
        "Host": HOST, "Origin": f"https://{HOST}", "X-Forwarded-Proto": "https",
        "X-Forwarded-For": client, "Cookie": f"{COOKIE_OVER_TLS}={cookie}",
    }  # fmt: skip
    return httpx.post(f"{desk.url}/api/{form}", data=fields, headers=headers)


def sign_in(desk: RunningDesk, email: str) -> str:
    answer = post(desk, "sign-in", email=email, password=PASSWORD)
    assert answer.headers["location"] == "/"
    said = answer.headers["set-cookie"]
    assert "; secure" in said.lower()
    return str(said.partition("=")[2].partition(";")[0])


def status(desk: RunningDesk, cookie: str) -> int:
    headers = {"Cookie": f"{COOKIE}={cookie}", "Host": HOST}
    return httpx.get(f"{desk.url}/api/tickets/", headers=headers).status_code


def pages_of(desk: RunningDesk, cookie: str) -> list[Client]:
    """Returns loaded pages of this session, on several processes."""
    return [Client(desk, f"tab-{n}", cookie, "/account").load() for n in range(PAGES)]


def assert_ended(pages: list[Client], began: float) -> None:
    """Assert that each page was told to load anew, and closed, in time."""
    for page in pages:
        page.until_ended()
        page.close()
    assert monotonic() - began < SECONDS_TO_END


def test_a_sign_out_at_one_process_ends_the_pages_at_all(desks: Desks) -> None:
    cookie = sign_in(desks.one, BEA)
    assert [status(each, cookie) for each in (desks.one, desks.other)] == [200, 200]
    pages = [*pages_of(desks.other, cookie), *pages_of(desks.one, cookie)]
    began = monotonic()
    assert post(desks.one, "sign-out", cookie).headers["location"] == "/sign-in"
    assert_ended(pages, began)
    found = {status(each, cookie) for each in (desks.one, *[desks.other] * PAGES)}
    assert found == {401}


def test_a_deactivation_at_one_process_ends_the_pages_at_all(desks: Desks) -> None:
    cookie = sign_in(desks.other, CID)
    pages = pages_of(desks.other, cookie)
    administrators = Client(desks.one, "ada", desks.ada, "/people").load()
    began = monotonic()
    administrators.call(SET_ACTIVE, {"person_id": desks.cid, "active": False})
    assert_ended(pages, began)
    administrators.settle()
    administrators.close()
    again = post(desks.other, "sign-in", email=CID, password=PASSWORD)
    assert again.headers["location"] == "/sign-in?problem=wrong"


def test_guesses_at_any_process_count_for_all(desks: Desks) -> None:
    tries = OF_ADDRESS_AND_CLIENT.most + 2
    places = [
        post(each, "sign-in", email=ADMINISTRATOR, password=GUESS, client=OTHER_CLIENT)
        for each in islice(cycle((desks.one, desks.other)), tries)
    ]
    problems = [each.headers["location"].partition("problem=")[2] for each in places]
    assert problems == ["wrong"] * OF_ADDRESS_AND_CLIENT.most + ["wait"] * 2
    sign_in(desks.other, ADMINISTRATOR)  # elsewhere she is not locked out
