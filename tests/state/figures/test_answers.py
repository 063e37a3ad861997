"""The insights show how soon people are answered, and who has how many tickets."""

import pytest
from sqlalchemy import text

from tests.services.conversation.test_posting import said
from tests.services.desk import opened
from tests.state.conftest import AWAY, Database
from tests.state.page import Tabs
from ticket_app.data.engine import get_engine
from ticket_app.state.figures.answers import Answers, time_taken

pytestmark = pytest.mark.anyio

ANN = "INSERT INTO person (name, role) VALUES ('Ann', 'agent')"


async def test_answers_and_assignees_are_shown_and_follow_changes(tabs: Tabs) -> None:
    for _ in range(3):
        opened(status="open")
    with get_engine().begin() as connection:
        connection.execute(text(ANN))
        connection.execute(text("UPDATE ticket SET assignee_id = 1 WHERE id > 1"))
    page = await tabs.open("/insights")
    await page.until(lambda: page.shown(Answers)["loaded"])
    shown = page.shown(Answers)
    assert (shown["waiting"], shown["answered"], shown["first_response"]) == ("3", "0", "–")
    said(2)
    await page.until(lambda: page.shown(Answers)["answered"] == "1")
    shown = page.shown(Answers)
    assert (shown["waiting"], shown["first_response"]) == ("2", "0 min")
    unsettled = "/?status=open&status=in_progress&assignee="
    assert shown["assignees"] == [
        {"name": "Nobody", "address": f"{unsettled}none", "tickets": 1, "waiting": 1},
        {"name": "Ann", "address": f"{unsettled}1", "tickets": 2, "waiting": 1},
    ]


async def test_a_database_that_is_away_is_told(tabs: Tabs, file: Database) -> None:
    page = await tabs.open("/insights")
    with file.away():
        await page.do(Answers.load)
        assert AWAY in page.shown(Answers)["problem"]
    await page.do(Answers.load)
    assert page.shown(Answers)["problem"] == ""


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (None, "–"),
        (0.004, "0 min"),
        (0.991, "59 min"),
        (0.995, "1.0 h"),
        (48, "48.0 h"),
        (60, "2.5 days"),
    ],
)
def test_a_time_is_said_in_a_unit_of_its_size(hours: float | None, words: str) -> None:
    assert time_taken(hours) == words
