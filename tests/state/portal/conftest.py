"""Visitors of a closed desk, without a browser."""

from collections.abc import Iterator

import pytest

from harness.accounts import administrator, session_token
from tests.state.page import Page, Tabs
from ticket_app.services.people import caps
from ticket_app.services.people.caps import Counted
from ticket_app.services.people.tokens import digest
from ticket_app.state.acting import Visitor, visitors

STRANGER = "192.0.2.1"


@pytest.fixture
def closed(sqlite_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A desk with an administrator, where nothing is counted yet."""
    assert sqlite_database
    administrator()
    monkeypatch.setattr(caps, "counted", Counted())
    yield
    visitors.clear()


async def visit(
    tabs: Tabs, address: str, person_id: int | None = None, client: str = STRANGER
) -> Page:
    """Returns a tab of this person, or of someone who has not signed in, at this address."""
    page = tabs.new()
    key = None if person_id is None else digest(session_token(person_id))
    visitors[page._token] = Visitor(key, client, is_public=key is None)
    await page.open(address)
    return page
