"""A page that reconnects to a process without its state keeps its place."""

import pytest
from reflex.state import State

from tests.services.desk import opened
from tests.state.page import Page, Tabs
from ticket_app.state.tickets.detail import Detail
from ticket_app.state.tickets.queue import PAGE, Queue

pytestmark = pytest.mark.anyio


async def returned(tabs: Tabs, kept: dict[str, str]) -> Page:
    """Returns a page that sends what its browser has kept."""
    page = tabs.new()
    await page.send(State.event_handlers["hydrate_and_load"], wait=False, vars=kept)
    await page.until(lambda: page.shown(State).get("is_hydrated") is True)
    return page


async def test_the_browser_brings_the_place_back(tabs: Tabs) -> None:
    filed = [opened(title=f"Ticket {number}").id for number in range(PAGE + 12)]
    kept = {
        f"{Detail.get_full_name()}.ids_rx_state_": str(filed[3]),
        f"{Queue.get_full_name()}.extent_rx_state_": f"{PAGE + 12} ",
    }
    page = await returned(tabs, kept)
    assert "rows_rx_state_" not in page.deltas[0].get(Queue.get_full_name(), {})
    assert "unfolded_rx_state_" not in page.deltas[0].get(Detail.get_full_name(), {})
    assert len(page.shown(Queue)["rows"]) == PAGE + 12
    await page.until(lambda: list(page.shown(Detail).get("unfolded", {})) == [str(filed[3])])


@pytest.mark.parametrize("kept", ["", "0", "-1", "9" * 400, "1,2,3,4,5,6", "x", "1e3", "²"])
async def test_what_a_browser_brings_is_not_believed(tabs: Tabs, kept: str) -> None:
    opened()
    names = (f"{Detail.get_full_name()}.ids", f"{Queue.get_full_name()}.extent")
    page = await returned(tabs, {f"{name}_rx_state_": f"{kept} " for name in names})
    assert len(page.shown(Queue)["rows"]) == 1
