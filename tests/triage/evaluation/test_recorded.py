"""The engine is no worse than recorded; `python -m tests.triage.evaluation.record` records."""

import json

import pytest

from tests.triage.evaluation.record import RECORDED, figures_of
from ticket_app.triage.evaluation.labelled import SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_the_offline_engine_is_no_worse_than_recorded(name: str) -> None:
    """Not one ticket fewer is right: the counts are exact, without rounding."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))[name]
    now = figures_of(name)
    assert now["tickets"] == recorded["tickets"]
    worse = {what: (count, now[what]) for what, count in recorded.items() if now[what] < count}
    assert worse == {}, "fewer tickets are right than recorded (recorded, now)"
