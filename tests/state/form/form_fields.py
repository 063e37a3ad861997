"""The form for a new ticket without a browser: its fields, and a triage that waits."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from tests.state.page import Page
from ticket_app.actor import Actor
from ticket_app.schemas.triage import Described
from ticket_app.state.form.form import Form
from ticket_app.state.form.form_input import CHOICES, FIELDS, LONGEST, OFFERED
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline

OUTAGE = "Production is down for all users since nine o'clock, nobody can work."
CHARGED = "My credit card was charged twice for the same invoice."


class WaitingTriage:
    """A triage service that answers only once `may_answer` is set."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.may_answer = asyncio.Event()
        self._asked: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def __call__(self, _: Actor, text: Described, _client: str) -> Triage:
        self._asked[text.description].set()
        try:
            await self.may_answer.wait()
        finally:
            self.ended.append(text.description)
        return triage_offline(text.description)

    async def wait_until_requested(self, text: str) -> None:
        """Wait until the triage of this text has been requested."""
        async with asyncio.timeout(5):
            await self._asked[text].wait()


def fields(page: Page) -> dict[str, str]:
    """Returns the values of the browser's fields, from the server's events and from `choose`."""
    asked = page.browser_events
    put = {each["ref"]: each["value"] for name, each in asked if name == "_set_value"}
    return {name: put.get(f"ref_{name}", "") for name in FIELDS}


def shown_choices(page: Page) -> tuple[str, bool, str, bool]:
    """Returns the selects' category and priority, each with True if it is a suggestion."""
    held, shown = fields(page), page.shown(Form)
    for field in CHOICES:
        as_told = held[field] != "" and held[field] == held[OFFERED[field]]
        assert shown[f"{field}_suggested"] is as_told, field
    return (
        held["category"],
        shown["category_suggested"],
        held["priority"],
        shown["priority_suggested"],
    )


async def choose(page: Page, field: str, value: str) -> None:
    """Choose as a person does: the browser changes its select first, and then sends the event."""
    offered = fields(page)[OFFERED[field]]
    for name, chosen in ((field, value), (OFFERED[field], "")):
        page.browser_events.append(("_set_value", _put(name, chosen)))
    await page.do(Form.choose(field, value, offered))


def emptied_texts(page: Page) -> list[str]:
    """Returns the text fields that the server told the browser to empty, in order."""
    asked = [each for name, each in page.browser_events if name == "_set_value"]
    return [name for each in asked for name in LONGEST if each == _put(name, "")]


def _put(name: str, value: str) -> dict[str, str]:
    return {"ref": f"ref_{name}", "value": value}


def form_data(page: Page | None = None, **given: str) -> Mapping[str, str]:
    """Returns the form's data as a browser sends it: these texts, and the choices on `page`."""
    texts = {"title": "", "description": "", "requester_name": "", "requester_email": ""}
    held = fields(page) if page else {}
    return {name: value for name, value in held.items() if name not in texts} | texts | given
