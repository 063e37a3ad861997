"""What the pages of a running desk tell to each role: raw clients call every handler of the
websocket, and nobody reads or changes what is another's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from time import sleep
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from harness.accounts import ADMINISTRATOR, account, session_token
from tests.api.people.test_rest_admission import NEEDS
from tests.closed_desks import closed_database
from tests.intruder import Refused
from tests.outsiders import (
    Client,
    Payloads,
    first_values,
    handlers,
    payloads_about,
    sweep,
    wrong_payloads,
)
from tests.services.desk import changed, opened
from tests.serving import RunningDesk, running_desk
from ticket_app.actor import by_command
from ticket_app.api.gateway.admission import PAGES
from ticket_app.data.engine import get_engine
from ticket_app.schemas.people import TokenCreate
from ticket_app.services.people import ticket_links
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.api_tokens import issuing
from ticket_app.services.people.permission import ALLOWED, Verb
from ticket_app.services.people.tokens import COOKIE
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.vocabulary import Role, TokenScope

CANARY, OWN = "xqcanaryzz", "xqownzz"
ROB, EVE = "rob@example.com", "eve@example.com"
TRIES = 100
SETTINGS = {"TRUSTED_PROXIES": "127.0.0.1", "REQUIRE_SECOND_FACTOR": "agent"}
ROWS = {
    "ticket": "id, version, status, title, deleted_at",
    "person": "id, name, email, role, active",
    "credential": "person_id, password_hash",
    "account_link": "key",
    "api_token": "key",
    "ticket_event": "id",
}
"""The columns that no attack of this module may change, by table."""


@dataclass
class Closed:
    """A running desk with accounts; the sessions of its people, and tickets of Rob and others."""

    desk: RunningDesk
    sessions: dict[str, str]
    foreign: list[int]
    own_deleted: int
    key: str
    link: str
    token: str

    def client(self, who: str, tab: str = "", **how: str) -> Client:
        """Returns a page of this kind of visitor, not loaded yet."""
        address = ADDRESSES.get(who, self.link)
        return Client(self.desk, tab or f"tab-of-{who}", self.sessions.get(who, ""), address, **how)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """A desk where the name of an agent and all of two foreign tickets, one deleted, is CANARY."""
    folder = tmp_path_factory.mktemp("outsiders")
    with closed_database(folder) as url:
        people = {
            "administrator": directory.find_person(by_command(), ADMINISTRATOR).id,
            "waiting": account(f"{CANARY}@example.com", Role.AGENT),
            "requester": account(ROB, Role.REQUESTER),
        }
        texts = {"title": CANARY, "description": CANARY, "requester_name": CANARY}
        foreign = [opened(**texts, requester_email=EVE).id for _ in range(2)]
        changed(foreign[0], title=f"Again {CANARY}")
        own = [opened(title=OWN, requester_email=ROB).id for _ in range(2)]
        for deleted in (foreign[1], own[1]):
            delete_ticket(by_command(), deleted)
        key = ticket_links.sign(by_command(), own[0])
        new = TokenCreate(name="export", scope=TokenScope.WRITE)
        owners = [people[who] for who in ("waiting", "administrator", "requester")]
        *_, token = [issuing.make_token_for(by_command(), each, new) for each in owners]
        sessions = {who: session_token(person) for who, person in people.items()}
        with running_desk(folder, **SETTINGS, DATABASE_URL=url) as desk:
            link = f"/request?ticket={own[0]}&key={key}"
            yield Closed(desk, sessions, foreign, own[1], key, link, token.token)


def rows() -> dict[str, list[Any]]:
    with get_engine().connect() as connection:
        return {
            table: sorted(map(str, connection.execute(text(f"SELECT {columns} FROM {table}"))))
            for table, columns in ROWS.items()
        }


def every_handler() -> Payloads:
    return ((each, {}) for each in handlers())


VISITORS = ("nobody", "link", "requester", "waiting", "administrator")
"""The kinds of visitors. "waiting" is an agent, who has to set up a second factor first."""
OUTSIDERS = VISITORS[:4]
ADDRESSES = {
    "nobody": "/sign-in", "requester": "/my", "waiting": "/second-factor",
    "administrator": "/account",
}  # fmt: skip


def allowed_to(who: str) -> frozenset[Verb]:
    if who == "waiting":
        return frozenset({Verb.SET_UP_FACTOR})
    return ALLOWED[Role(who) if who in ("requester", "administrator") else None]


@pytest.mark.parametrize("who", VISITORS)
def test_a_page_begins_with_nothing_that_its_visitor_may_not_know(closed: Closed, who: str) -> None:
    page = closed.client(who).load()
    shown, first = page.deltas(), first_values()
    assert {f"{each.name.rpartition('.')[0]}" for each in handlers()} <= {
        name.partition(".")[2] for name in shown
    }
    allowed = allowed_to(who)
    needs = {each.name.rpartition(".")[0]: each.needs for each in handlers()}
    for state, values in shown.items():
        name = state.partition(".")[2]
        if needs.get(name) is not None and needs[name] not in allowed:
            assert values == first[state], state
    if who in OUTSIDERS:
        assert CANARY not in "".join(page.heard)
    assert closed.sessions.get(who, "none") not in "".join(page.heard)
    page.close()


@pytest.mark.parametrize("who", VISITORS)
def test_events_of_any_shape_change_nothing_and_break_nothing(closed: Closed, who: str) -> None:
    before = rows()
    # In the wrong order: events come before the page is loaded.
    said = sweep(lambda: closed.client(who).enter(), every_handler())
    said += sweep(lambda: closed.client(who).load(), wrong_payloads())
    assert rows() == before
    if who in OUTSIDERS:
        assert CANARY not in said


@pytest.mark.parametrize("who", OUTSIDERS)
def test_an_outsider_neither_reads_nor_changes_a_foreign_ticket(closed: Closed, who: str) -> None:
    before = rows()
    asked = [
        each
        for number in (*closed.foreign, 10**9)
        for words in (CANARY[:8], f"#{number}", EVE)
        for each in payloads_about(number, words)
    ]
    said = sweep(lambda: closed.client(who).load(), asked)
    assert rows() == before
    assert CANARY not in said
    assert (OWN in said) is (who in ("link", "requester"))


@pytest.mark.parametrize(
    ("who", "address"),
    [("requester", "/my?ticket={}"), ("link", "/request?ticket={}&key=" + "x" * 43),
     ("nobody", "/request?ticket={}")],
)  # fmt: skip
def test_no_address_tells_a_foreign_ticket_from_none(
    closed: Closed, who: str, address: str
) -> None:
    shown: list[dict[str, Any]] = []
    for number in (*closed.foreign, closed.own_deleted, 10**9):
        for each in (address.format(number), address.format(number).replace("x" * 43, closed.key)):
            cookie = closed.sessions.get(who, "")
            page = Client(closed.desk, f"guesser-{len(shown)}", cookie, each).load()
            for handler in handlers():
                if handler.name.endswith(("linked_ticket.load", "own_tickets.load")):
                    page.call(handler, {})
            page.settle()
            found = page.deltas()
            shown.append({name: found[name] for name in sorted(found) if "portal" in name})
            assert CANARY not in "".join(page.heard) and OWN not in "".join(page.heard)
            page.close()
    assert all(each == shown[0] for each in shown)


@pytest.mark.parametrize("who", OUTSIDERS)
def test_the_tab_of_another_gives_nothing(closed: Closed, who: str) -> None:
    watched = closed.client("administrator", "watched").load()
    assert ADMINISTRATOR in "".join(watched.heard)
    watched.close()
    for _ in range(TRIES):
        thief = closed.client(who, "watched").load()
        assert ADMINISTRATOR not in "".join(thief.heard)
        thief.close()
        if "watched" in thief.tab():  # before the end of that page is noticed, it gets another
            return
        sleep(0.05)
    pytest.fail("the token of the tab is still in use")


@pytest.mark.parametrize("who", VISITORS[2:])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1"])
def test_a_session_counts_for_no_page_of_another_origin(
    closed: Closed, who: str, origin: str
) -> None:
    with pytest.raises(Refused):
        closed.client(who, origin=origin)


@pytest.mark.parametrize("forged", ["x" * 43, "{session}x", "desk_{session}", "{session};a=b"])
def test_a_forged_session_is_that_of_nobody(closed: Closed, forged: str) -> None:
    cookie = forged.replace("{session}", closed.sessions["administrator"][:-1])
    told = sweep(lambda: Client(closed.desk, "forger", cookie, "/sign-in").load(), every_handler())
    assert OWN not in told and CANARY not in told


def test_no_page_holds_anything_of_anyone(closed: Closed) -> None:
    for who in ("nobody", "requester", "waiting", "administrator"):
        cookies = {COOKIE: closed.sessions[who]} if who in closed.sessions else {}
        with httpx.Client(base_url=closed.desk.url, cookies=cookies) as browser:
            for page in (*PAGES, f"/?search={CANARY[:8]}", closed.link, "/nothing"):
                answer = browser.get(page)
                said = f"{answer.headers}{answer.text}"
                assert CANARY not in said and OWN not in said and ROB not in said


BODIES: tuple[Any, ...] = (
    {},
    {"description": CANARY[:8]},
    {"requester_email": EVE, "title": 5},
    [CANARY[:8]],
    None,
)
SEARCHES = ("", f"search={CANARY[:8]}", "search=%231", "search=1", f"search={EVE}", "status=open",
            "category=technical&limit=1", "cursor=9999999999999999.999", "search=%00", "limit=x",
            f"requester={EVE}", "sort=title", "sentiment=angry")  # fmt: skip


@pytest.mark.parametrize("who", ["nobody", "requester", "waiting", "token"])
def test_no_answer_of_rest_tells_of_a_foreign_ticket(closed: Closed, who: str) -> None:
    before, headers = rows(), {"Origin": closed.desk.url}
    if who in closed.sessions:
        headers["Cookie"] = f"{COOKIE}={closed.sessions[who]}"
    elif who == "token":
        headers["Authorization"] = f"Bearer {closed.token}"
    with httpx.Client(base_url=closed.desk.url, headers=headers) as client:
        for method, path in sorted(NEEDS):
            for number in (*closed.foreign, 10**9) if "{" in path else (0,):
                address = re.sub(r"\{\w+(:\w+)?\}", str(number), path)
                for query in SEARCHES if method == "GET" else ("",):
                    for body in BODIES if method in ("POST", "PATCH") else (None,):
                        answer = client.request(method, f"{address}?{query}", json=body)
                        said = f"{answer.headers}{answer.text}"
                        assert answer.status_code < 500 and CANARY not in said, (address, query)
    assert rows() == before


def test_the_log_of_all_this_tells_nothing(closed: Closed) -> None:
    printed = closed.desk.printed
    for secret in (CANARY, OWN, ROB, ADMINISTRATOR, *closed.sessions.values()):
        assert secret not in printed
