"""The form for a new ticket without a browser: what its fields hold, and a triage that waits."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from tests.state.page import Page
from ticket_app.schemas.triage import Described
from ticket_app.state.form import Form
from ticket_app.state.sent import CHOICES, FIELDS, LONGEST, OFFERED
from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline

OUTAGE = "Production is down for all users since nine o'clock, nobody can work."
CHARGED = "My credit card was charged twice for the same invoice."


class Slow:
    """A triage that answers a text only when it is told to."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.may_answer = asyncio.Event()
        self._asked: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def __call__(self, text: Described) -> Triage:
        """Stands in for the service."""
        self._asked[text.description].set()
        try:
            await self.may_answer.wait()
        finally:
            self.ended.append(text.description)
        return triage_offline(text.description)

    async def is_asked(self, text: str) -> None:
        """Wait until the question has come."""
        async with asyncio.timeout(5):
            await self._asked[text].wait()


def fields(page: Page) -> dict[str, str]:
    """What the browser's fields hold by what it was told, and by `choose`."""
    asked = page.asked_of_the_browser
    put = {each["ref"]: each["value"] for name, each in asked if name == "_set_value"}
    return {name: put.get(f"ref_{name}", "") for name in FIELDS}


def filled(page: Page) -> tuple[str, bool, str, bool]:
    """Category and priority as the selects show them, each with whether it is a suggestion."""
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
    """Choose as a person does: the browser has the value first, and tells of it."""
    offered = fields(page)[OFFERED[field]]
    for name, chosen in ((field, value), (OFFERED[field], "")):
        page.asked_of_the_browser.append(("_set_value", _put(name, chosen)))
    await page.do(Form.choose(field, value, offered))


def emptied(page: Page) -> list[str]:
    """The texts that the browser was told to empty."""
    asked = [each for name, each in page.asked_of_the_browser if name == "_set_value"]
    return [name for each in asked for name in LONGEST if each == _put(name, "")]


def _put(name: str, value: str) -> dict[str, str]:
    return {"ref": f"ref_{name}", "value": value}


def typed(page: Page | None = None, **given: str) -> Mapping[str, str]:
    """What the browser sends of the form: these texts, and what `page` shows beside."""
    texts = {"title": "", "description": "", "requester_name": "", "requester_email": ""}
    held = fields(page) if page else {}
    return {name: value for name, value in held.items() if name not in texts} | texts | given
