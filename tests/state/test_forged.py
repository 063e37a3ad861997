"""Events with forged payloads, which any websocket can send, change nothing and break nothing."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from reflex.state import BaseState, State
from reflex_base.event import EventHandler

from tests.services.desk import all_rows, opened
from tests.state.page import Page, Tabs
from ticket_app.state.connection.replicated_state import parts_of
from ticket_app.state.conversation.composer import Composer
from ticket_app.state.conversation.composing import Composing
from ticket_app.state.figures.insights import Insights
from ticket_app.state.form.form import Form
from ticket_app.state.form.form_input import KEY
from ticket_app.state.notices import Notice
from ticket_app.state.portal.answering import LinkedAnswer
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.board import Board
from ticket_app.state.tickets.detail import Detail
from ticket_app.state.tickets.queue import Queue
from ticket_app.vocabulary import DRAFT_MAX, MessageKind

pytestmark = pytest.mark.anyio

NO_TICKET: list[Any] = [True, False, 0, -1, 1.0, "x", "", None, [1], {"id": 1}, 2**63, 2**70]
NO_TEXT: list[Any] = [None, True, 5, 1.5, [], ["open"], {}, {"a": {"b": []}}, "\ud800", "\x00"]
LARGEST_STATE = 150_000
"""Bytes of a page's whole state; a description of 20,000 characters is the largest part."""

MOVE = {"ticket_id": 1, "version": 1, "target": "closed", "above": 0, "move": 7}


def states(of: type[BaseState] = State) -> Iterator[type[BaseState]]:
    """Yields every State of the desk: those that Reflex can be asked for."""
    for each in sorted(of.get_substates(), key=lambda state: state.get_full_name()):
        if each.__module__.startswith("ticket_app."):
            yield each
        yield from states(each)


async def page_after(tabs: Tabs, handler: EventHandler, **payload: Any) -> Page:
    """Returns a page over one ticket that has sent this event; asserts that no table changed."""
    opened(status="open")
    page = await tabs.open("/")
    before = all_rows()
    await page.send(handler, **payload)
    assert all_rows() == before
    assert tabs.failures == []
    return page


@pytest.mark.parametrize("ticket_id", NO_TICKET)
@pytest.mark.parametrize("verb", ["change", "delete", "restore"])
async def test_what_is_no_ticket_is_not_acted_on(tabs: Tabs, verb: str, ticket_id: object) -> None:
    change = {"field": "status", "value": "closed", "number": 1, "version": 1}
    more = change if verb == "change" else {}
    page = await page_after(tabs, TicketActions.event_handlers[verb], ticket_id=ticket_id, **more)
    assert page.shown(Notice)["failed"] is True


@pytest.mark.parametrize("ticket_id", NO_TICKET)
async def test_what_is_no_ticket_is_not_unfolded(tabs: Tabs, ticket_id: object) -> None:
    page = await page_after(tabs, Detail.event_handlers["unfold"], ticket_id=ticket_id)
    assert page.shown(Detail)["unfolded"] == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            (field, 99)
            for field in ("version", "id", "urgency_score", "created_at", "deleted_at", "__class__")
        ),
        ("sentiment", "angry"),
        ("resolved_at", None),
        ("", "closed"),
        *(("status", value) for value in NO_TEXT),
        *(("title", value) for value in NO_TEXT),
        ("title", "x" * 201),
        *((field, "closed") for field in NO_TEXT),
    ],
)
async def test_no_other_field_or_value_is_written(tabs: Tabs, field: object, value: object) -> None:
    handler = TicketActions.event_handlers["change"]
    page = await page_after(
        tabs, handler, ticket_id=1, number=1, version=1, field=field, value=value
    )
    assert page.shown(Notice)["failed"] is True


@pytest.mark.parametrize(
    "wrong",
    [
        *({"ticket_id": value} for value in NO_TICKET),
        *({"target": value} for value in [*NO_TEXT, "nowhere", "closed\x00"]),
        *({"version": value} for value in [*NO_TICKET, 2]),
    ],
)
async def test_a_malformed_move_moves_nothing(tabs: Tabs, wrong: dict[str, Any]) -> None:
    page = await page_after(tabs, Board.event_handlers["place"], **(MOVE | wrong))
    assert page.shown(Notice)["failed"] is True
    assert page.shown(Board)["answered"] == 7  # the browser no longer keeps its own order


@pytest.mark.parametrize("value", [*NO_TEXT, *NO_TICKET])
@pytest.mark.parametrize("name", ["above", "move"])
async def test_a_move_to_no_place_is_one_to_the_top(tabs: Tabs, name: str, value: object) -> None:
    ticket = opened(status="open")
    page = await tabs.open("/board")
    handler = Board.event_handlers["place"]
    await page.send(handler, **(MOVE | {"ticket_id": ticket.id, name: value}))
    assert [row["id"] for row in page.shown(Board)["closed"]] == [ticket.id]


@pytest.mark.parametrize("facet", [*NO_TEXT, "rows", "search", "_before", "problem", "__class__"])
async def test_an_unknown_facet_goes_nowhere(tabs: Tabs, facet: object) -> None:
    page = await page_after(
        tabs, Queue.event_handlers["narrow"], facet=facet, value="open", chosen=True
    )
    assert page.redirects == []


@pytest.mark.parametrize("text", NO_TEXT)
async def test_the_filters_take_whatever_comes_and_stay_on_the_desk(
    tabs: Tabs, text: object
) -> None:
    page = await page_after(
        tabs, Queue.event_handlers["narrow"], facet="status", value=text, chosen=text
    )
    await page.send(Queue.event_handlers["seek"], text=text)
    assert all(address == "/" or address.startswith("/?") for address in page.redirects)
    await page.follow()
    assert tabs.failures == []


@pytest.mark.parametrize("data", [*NO_TEXT, {"search": 5}, {"search": "\ud800"}, {"other": "x"}])
async def test_a_malformed_search_leads_to_the_desk(tabs: Tabs, data: object) -> None:
    page = await page_after(tabs, Queue.event_handlers["find"], data=data)
    assert [one.split("?")[0] for one in page.redirects] == ["/"]


@pytest.mark.parametrize("status", [*NO_TEXT, "counts", "problem", "__class__"])
@pytest.mark.parametrize(("verb", "more"), [("load_more", {"shown": 0}), ("put_in_order", {})])
async def test_an_unknown_column_is_not_loaded(
    tabs: Tabs, verb: str, more: dict[str, int], status: object
) -> None:
    page = await page_after(tabs, Board.event_handlers[verb], status=status, **more)
    assert page.shown(Board)["loaded"] is False


@pytest.mark.parametrize("field", [*NO_TEXT, "title", "engine", "_seen", "filed", "__class__"])
async def test_only_category_and_priority_are_chosen(tabs: Tabs, field: object) -> None:
    page = await page_after(tabs, Form.event_handlers["choose"], field=field, value="high")
    assert page.shown(Form)["filed"] == 0
    assert page.shown(Form)["engine"] == ""


@pytest.mark.parametrize("value", [each for each in NO_TEXT if not isinstance(each, str)])
async def test_a_choice_that_is_none_is_left_to_the_triage(tabs: Tabs, value: object) -> None:
    page = await page_after(tabs, Form.event_handlers["choose"], field="priority", value=value)
    data = {"title": "A title", "description": "A text.", "priority": value, KEY: value}
    await page.send(Form.event_handlers["submit"], data=data)
    assert all_rows()["ticket"][-1].priority_by == "triage"
    assert len(all_rows()["ticket"]) == 2


@pytest.mark.parametrize("offered", ["", "urgent"])
async def test_a_made_up_choice_is_refused_when_it_is_filed(tabs: Tabs, offered: str) -> None:
    page = await tabs.open("/")
    made_up = {"priority": "urgent", "offered_priority": offered}
    await page.do(Form.submit({"title": "A title", "description": "A text."} | made_up))
    assert (all_rows()["ticket"] == []) is (offered == "")
    assert ("priority" in page.shown(Form)["errors"]) is (offered == "")


@pytest.mark.parametrize("held", [*NO_TEXT, {"title": 5}, {"title": "\ud800", KEY: "a b"}])
async def test_a_form_may_hold_anything(tabs: Tabs, held: object) -> None:
    page = await page_after(tabs, Form.event_handlers["meet"], held=held)
    assert page.shown(Form)["ready"] is True
    assert tabs.failures == []


@pytest.mark.parametrize(
    "data",
    [
        *NO_TEXT,
        {"title": 5, "description": 5},
        {"title": ["a"], "description": {"b": 1}},
        {"title": "\ud800", "description": "A text."},
        {"title": "A title", "description": "A \x00 text."},
        {"title": "A title"},
        {"title": "x" * 100_000, "description": "x" * 100_000},
        {"title": "A title", "description": "A text.", "requester_email": {"a": 1}},
    ],
)
async def test_a_malformed_ticket_is_not_filed(tabs: Tabs, data: object) -> None:
    page = await page_after(tabs, Form.event_handlers["submit"], data=data)
    assert page.shown(Form)["errors"]
    assert page.shown(Form)["filed"] == 0


async def test_only_fields_of_the_form_are_filed(tabs: Tabs) -> None:
    page = await tabs.open("/")
    forged = {"status": "closed", "id": 77, "urgency_score": 0, "category_by": "person"}
    asked = {"title": "A title", "description": "The app crashes with an error."}
    await page.do(Form.submit(asked | forged))
    ((ticket_id, *_),) = all_rows()["ticket"]
    assert ticket_id == page.shown(Form)["filed"] == 1
    (ticket,) = all_rows()["ticket"]
    assert (ticket.status, ticket.category, ticket.category_by) == ("open", "technical", "triage")


@pytest.mark.parametrize("text", [*NO_TEXT, "x" * 100_000])
async def test_the_description_may_be_anything(tabs: Tabs, text: object) -> None:
    page = await page_after(tabs, Form.event_handlers["describe"], text=text)
    for field in ("title", text):
        await page.send(Form.event_handlers["write"], field=field, text=text)
    await page.send(Form.event_handlers["suggest"], text=text)
    await page.do(Form.propose_title())
    assert tabs.failures == []


@pytest.mark.parametrize("value", NO_TEXT)
async def test_a_notice_may_say_anything(tabs: Tabs, value: object) -> None:
    handler = Notice.event_handlers["tell"]
    page = await page_after(tabs, handler, text=value, undo_ticket=value, failed=value)
    await page.do(Notice.dismiss())
    assert page.shown(Notice)["text"] == ""


@pytest.mark.parametrize("state", [Queue, Board, Detail, Form, Insights])
async def test_no_var_is_set_from_outside(tabs: Tabs, state: type[State]) -> None:
    page = await tabs.open("/")
    before = page.shown(state)
    for name in (*before, "_next", "_draft", "_seen"):
        assert f"set_{name}" not in state.event_handlers
        await page.send(state.event_handlers["setvar"], wait=False, var_name=name, value="forged")
    await page.until(lambda: len(tabs.failures) == len(before) + 3)
    assert {type(failure) for failure in tabs.failures} == {AttributeError}
    assert page.shown(state) == before
    tabs.failures.clear()


FORGED = "forged " * 40_000
ADDRESS = "/?" + "&".join(f"{name}={FORGED[:9_000]}" for name in ("status", "search", "before"))


async def test_no_handler_keeps_what_is_made_up(tabs: Tabs) -> None:
    opened()
    page = await tabs.open("/")
    handlers = [each for state in states() for each in state.event_handlers.values()]
    for handler in handlers:
        arguments = inspect.signature(handler.fn).parameters
        for value in (FORGED, [FORGED], {"search": FORGED, "title": FORGED, "description": FORGED}):
            payload = dict.fromkeys(list(arguments)[1:], value)
            await page.send(handler, wait=False, **payload)
    for facet in ("status", "priority", "category", "sentiment"):
        await page.send(Queue.event_handlers["narrow"], facet=facet, value=FORGED, chosen=True)
    await page.follow(ADDRESS)
    await page.send(Notice.event_handlers["dismiss"])
    (state,) = tabs.states()
    assert sum(map(len, parts_of(state, whole=True).values())) < LARGEST_STATE
    tabs.failures.clear()


@pytest.mark.parametrize(("box", "address"), [(LinkedAnswer, "/request"), (Composer, "/")])
async def test_a_page_keeps_the_words_of_one_ticket(
    tabs: Tabs, box: type[Composing], address: str
) -> None:
    numbers = [opened().id for _ in range(6)]
    page = await tabs.open(address)
    for number in numbers:
        texts = {kind: f"{number} {kind}".ljust(DRAFT_MAX, "x") for kind in box.kinds}
        fields = {f"{kind}-text": text for kind, text in texts.items()}
        await page.send(box.event_handlers["meet"], ticket_id=number, held=fields, mount="1.5")
        for kind, text in texts.items():
            more = {"kind": kind, "text": text, "key": f"{number}.{kind}", "revision": "0"}
            await page.send(box.event_handlers["write"], ticket_id=number, **more)
    (state,) = tabs.states()
    most = LARGEST_STATE if box is LinkedAnswer else 3 * len(MessageKind) * 2 * DRAFT_MAX
    assert sum(map(len, parts_of(state, whole=True).values())) < most


async def test_a_payload_that_fits_no_handler_is_told_and_changes_nothing(tabs: Tabs) -> None:
    opened()
    page = await tabs.open("/")
    before = all_rows()
    await page.send(TicketActions.event_handlers["delete"], wait=False, number=1)
    await page.until(lambda: bool(tabs.failures) and bool(page.shown(Notice)["text"]))
    assert all_rows() == before
    assert "Something went wrong on the server" in page.shown(Notice)["text"]
    tabs.failures.clear()
