"""A page belongs to a session: the guard, the key of its State, and its end with the session."""

import json
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import pytest
from reflex.istate.manager.memory import StateManagerMemory
from reflex.state import State, StateUpdate
from reflex_base.event import Event
from reflex_base.event.context import EventContext
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext

from harness.accounts import PASSWORD_HASH as HASH
from harness.accounts import account, administrator, session_token
from tests.closed_desks import closed_database
from tests.intruder import Websocket
from tests.services.desk import opened
from tests.serving import RunningDesk, running_desk
from ticket_app.actor import by_command, over_rest
from ticket_app.api.gateway.admission import SET_UP_FACTOR
from ticket_app.bus import bus
from ticket_app.data.engine import use_database, write_transaction
from ticket_app.errors import DatabaseUnavailableError
from ticket_app.services.people import identity, sessions
from ticket_app.services.people.accounts import directory, invitations
from ticket_app.services.people.identity import HANDSHAKE, Handshake
from ticket_app.services.people.permission import ALLOWED, Verb
from ticket_app.services.people.signing_in.code_step import add_step
from ticket_app.services.people.tokens import COOKIE
from ticket_app.settings import get_settings
from ticket_app.state.acting import visitors
from ticket_app.state.connection.ending import ended_pages
from ticket_app.state.connection.event_namespace import CheckedEventNamespace
from ticket_app.state.connection.guard import Guard, needs_of
from ticket_app.state.form.form import Form
from ticket_app.ticket_app import PRIVATE_PAGES, app
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio

CANARY = "canary-7d1f"
OWN = "ticket_app"
DISCONNECTED = "41/_event,"
"""The message by which the desk ends a page's connection, and after which no page returns."""
HYDRATE = "reflex___state____state.hydrate"
ROLES = [None, Role.REQUESTER, Role.AGENT, Role.ADMINISTRATOR]


def own_handlers() -> list[str]:
    """Returns the names of all event handlers of the desk."""
    assert app is not None  # the import registers them
    handlers = RegistrationContext.get().event_handlers
    return sorted(
        name for name, each in handlers.items() if each.states[0].__module__.startswith(OWN)
    )


def test_every_state_says_what_it_needs() -> None:
    assert len(own_handlers()) > 40
    for name in own_handlers():
        needs_of(name)


class Served(SimpleNamespace):
    """An application's event namespace, whose sockets lead nowhere."""

    namespace: CheckedEventNamespace
    sent: list[tuple[str, str]]

    async def connect(self, token: str, sid: str, cookie: str = "", page: str = "/") -> None:
        """Connect a page of a browser that has this session's token in its cookie."""
        boot = {"name": HYDRATE, "router_data": {"pathname": page, "asPath": page}}
        environ = {
            "asgi.scope": {
                "headers": [],
                "client": ("127.0.0.1", 1),
                HANDSHAKE: Handshake(cookie or None, "127.0.0.1"),
            },
            "QUERY_STRING": f"token={token}",
        }
        await self.namespace.on_connect(sid, environ, {"event": boot})

    async def leave(self, sid: str) -> None:
        """End a page's connection."""
        task = self.namespace.on_disconnect(sid)
        assert task is not None
        await task


@pytest.fixture
async def served(sqlite_database: str) -> AsyncIterator[Served]:
    assert sqlite_database
    visitors.clear()
    served = Served(
        _state=State, state_manager=StateManagerMemory(), router=lambda path: path, sio=None
    )
    served.namespace = CheckedEventNamespace(
        "/_event", served, private_pages=PRIVATE_PAGES, set_up_page=SET_UP_FACTOR
    )
    served.sent = []

    async def emit(event: str, *_: object, to: str, **__: object) -> None:
        served.sent.append((event, to))

    served.namespace.emit = emit
    served.event_processor = served._event_processor = BaseStateEventProcessor(middleware=None)
    served.event_processor.configure(
        state_manager=served.state_manager, event_namespace=served.namespace
    )
    async with bus.running(), served.event_processor:
        yield served
    visitors.clear()


async def test_the_state_of_a_tab_belongs_to_a_session(served: Served) -> None:
    ada = session_token(administrator())
    bea = session_token(account("bea@example.com", Role.AGENT))
    for cookie, sid in ((ada, "1"), (bea, "2"), ("", "3")):
        await served.connect("tab", sid, cookie, page="/new")
        await served.leave(sid)
    keys = {visitors[token].session_key for token in visitors}
    assert len(keys) == len(visitors) == 3
    assert len({str(key).partition(".")[0] for key in visitors}) == 3


async def test_who_has_not_signed_in_is_sent_back_from_a_private_page(served: Served) -> None:
    administrator()
    await served.connect("tab", "1", page="/board/")
    assert served.sent == [("state_mismatch", "1")]
    assert served.namespace.sid_to_token == {}
    await served.connect("tab", "2", page="/sign-in")
    assert list(served.namespace.sid_to_token.values()) == ["public.tab"]


async def test_an_open_page_ends_when_the_desk_gets_its_first_account(served: Served) -> None:
    await served.connect("tab", "1")
    assert await ended_pages() == []
    ada = session_token(administrator())
    await served.connect("other", "2", ada)
    assert await ended_pages() == ["tab"]
    await served.namespace.end_page("tab")
    assert ("state_mismatch", "1") in served.sent
    assert "tab" not in visitors


async def test_a_page_whose_socket_fails_ends_too(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ConnectionResetError

    await served.connect("tab", "1")
    administrator()
    monkeypatch.setattr(served.namespace, "emit", fail)
    with pytest.raises(ConnectionResetError):
        await served.namespace.end_page("tab")
    assert await ended_pages() == []


async def test_the_pages_of_a_session_end_with_it(served: Served) -> None:
    ada = administrator()
    first, second = session_token(ada), session_token(ada)
    await served.connect("one", "1", first)
    await served.connect("two", "2", second)
    told: list[bool] = []
    with identity.told_of_endings(lambda: told.append(True)):
        one, two = visitors
        who = await identity.identify(first)
        sessions.end_own(over_rest(who))
    assert told
    assert await ended_pages() == [one]
    invitations.use_link(over_rest(who), invitations.reset(by_command(), ada), HASH)
    assert await ended_pages() == [one, two]


async def test_a_database_that_is_away_ends_no_page(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = session_token(administrator())
    await served.connect("tab", "1", token)
    (page,) = visitors

    def away(*_: object) -> None:
        raise DatabaseUnavailableError

    identity._memory.sessions.clear()
    monkeypatch.setattr(identity, "read_identity", away)
    assert await decided(page, f"{Form.get_full_name()}.describe") is None
    await served.connect("again", "2", token)
    assert [each.session_key for each in visitors.values()] == [
        visitors[page].session_key,
        visitors[page].session_key,
    ]


@pytest.mark.parametrize("role", ROLES)
async def test_the_guard_lets_through_what_a_role_may(served: Served, role: Role | None) -> None:
    ada = administrator()
    cookie = ""
    if role is Role.ADMINISTRATOR:
        cookie = session_token(ada)
    elif role is not None:
        cookie = session_token(account("bea@example.com", role))
    await served.connect("tab", "1", cookie, page="/new")
    (page,) = visitors
    for name in own_handlers():
        needs = needs_of(name)
        refused = await decided(page, name) is not None
        assert refused == (needs is not None and needs not in ALLOWED[role]), name


async def test_who_needs_a_second_factor_first_sends_events_of_its_page_alone(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = session_token(administrator())
    monkeypatch.setenv("REQUIRE_SECOND_FACTOR", "administrator")
    get_settings.cache_clear()
    await served.connect("tab", "1", cookie, page="/board")
    assert served.sent == [("state_mismatch", "1")]
    await served.connect("tab", "2", cookie, page="/second-factor")
    (page,) = visitors
    for name in own_handlers():
        refused = await decided(page, name) is not None
        assert refused == (needs_of(name) not in (None, Verb.SET_UP_FACTOR)), name


async def test_a_sign_in_that_waits_for_a_code_is_a_strangers(served: Served) -> None:
    ada = administrator()
    with write_transaction() as session:
        token = add_step(session, by_command(), ada)
    await served.connect("tab", "1", token, page="/")
    assert served.sent == [("state_mismatch", "1")]
    await served.connect("tab", "2", token, page="/sign-in/code")
    assert list(visitors) == ["public.tab"]


async def decided(page: str, event: str) -> StateUpdate | None:
    """Returns what the guard answers to an event of this page: None lets it through."""
    context = EventContext(
        token=page, state_manager=StateManagerMemory(), enqueue_impl=unused, emit_delta_impl=unused
    )
    with context:
        return await Guard().preprocess(app, State(), Event(name=event))


async def unused(*_: object, **__: object) -> None:
    """Stands for what the guard does not use."""


@pytest.fixture(scope="module")
def closed_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningDesk, str]]:
    """A running desk with an administrator and one ticket; and its database."""
    folder = tmp_path_factory.mktemp("closed")
    with closed_database(folder) as url:
        opened(title=CANARY, description=CANARY, requester_name=CANARY)
    with running_desk(folder, DATABASE_URL=url) as desk:
        yield desk, url


def entering(desk: RunningDesk, token: str, cookie: str, page: str) -> Websocket:
    """Returns a websocket that connects as the page does, with its first event."""
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    socket = Websocket(desk.url, token, headers=headers | {"Origin": desk.url})
    boot = {
        "name": "reflex___state____state.hydrate_and_load",
        "payload": {},
        "router_data": {"pathname": page, "asPath": page, "query": {}},
    }
    socket.send(f"40/_event,{json.dumps({'event': boot})}")
    return socket


@pytest.mark.parametrize("cookie", ["", "x" * 43, "of a sign-in that waits"])
def test_a_stranger_learns_nothing_from_any_handler(
    closed_desk: tuple[RunningDesk, str], cookie: str
) -> None:
    desk, url = closed_desk
    if " " in cookie:
        use_database(url)
        ada = directory.find_person(by_command(), "ada@example.com").id
        with write_transaction() as session:
            cookie = add_step(session, by_command(), ada)
        use_database(None)
    page = entering(desk, "stranger", cookie, "/sign-in")
    said = [page.until("is_hydrated")]
    for name in own_handlers():
        for payload in ({}, {"ticket_id": 1, "text": CANARY[:6], "status": "open", "data": []}):
            page.event(name.removeprefix("reflex___state____state."), payload)
    page.emit("ping")
    while "pong" not in (heard := page.read() or "pong"):
        said.append(heard)
    assert CANARY not in "".join(said)
    page.close()


def test_a_stranger_at_a_private_page_is_sent_away_and_closed(
    closed_desk: tuple[RunningDesk, str],
) -> None:
    desk, _ = closed_desk
    page = entering(desk, "stranger", "", "/")
    assert CANARY not in page.until("state_mismatch")
    page.until(DISCONNECTED)
    page.close()


def test_a_session_that_another_process_ends_closes_its_page(
    closed_desk: tuple[RunningDesk, str],
) -> None:
    desk, url = closed_desk
    use_database(url)
    ada = directory.find_person(by_command(), "ada@example.com").id
    token = session_token(ada)
    page = entering(desk, "tab", token, "/")
    page.until(CANARY)
    sessions.end_all(by_command(), ada)
    page.until("state_mismatch")
    page.until(DISCONNECTED)
    page.close()
    use_database(None)


def test_the_token_of_anothers_tab_gives_nothing(closed_desk: tuple[RunningDesk, str]) -> None:
    desk, url = closed_desk
    use_database(url)
    token = session_token(directory.find_person(by_command(), "ada@example.com").id)
    use_database(None)
    page = entering(desk, "tab", token, "/")
    said = page.until(CANARY)
    assert token not in said
    page.close()
    thief = entering(desk, "tab", "", "/sign-in")
    assert CANARY not in thief.until("is_hydrated")
    thief.close()
