"""The report on the triage in the insights' window: its reliability and its cost."""

from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas.figures import WindowDays
from ticket_app.services.people.permission import Verb
from ticket_app.services.triage.learning import LessonPublic
from ticket_app.services.triage.report import (
    Calls,
    Drafts,
    Money,
    Share,
    TriageReport,
    triage_report,
)
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.figures.insights import WINDOWS, Insights
from ticket_app.state.service_calls import call_service
from ticket_app.theme import ENGINE_WORDS, OUTCOME_WORDS, field_word

PAUSE_SECONDS = 10.0
"""Seconds between refreshes. The report reads thousands of proposals, so not after each change."""


@dataclass(frozen=True)
class ShareRow:
    """A share with its confidence interval, in words and as percentages for the bar."""

    field: str
    engine: str
    share: str
    interval: str
    n: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class CallRow:
    """The calls to one model with one prompt."""

    engine: str
    model: str
    calls: str
    answered: str
    p50: str
    p95: str
    cost: str


@dataclass(frozen=True)
class DraftRow:
    """The replies that one model drafted with one prompt, and what became of them."""

    engine: str
    model: str
    drafted: str
    as_it_was: str
    edited: str
    changed: str
    thrown_away: str


@dataclass(frozen=True)
class LessonRow:
    """Learned weights compared with the rules, on held-out tickets."""

    field: str
    decided: str
    held_out: str
    rules: str
    learned: str
    chance: str
    outcome: str


class Report(Subscribed, rx.State):
    """The report in words."""

    needs: ClassVar[Verb | None] = Verb.READ_TRIAGE

    loaded: bool = False
    problem: str = ""
    engine: str = ""
    health: str = ""
    waiting: str = ""
    per_ticket: str = ""
    spent: str = ""
    overruled: list[ShareRow] = []
    agreeing: list[ShareRow] = []
    drafts: list[DraftRow] = []
    calls: list[CallRow] = []
    lessons: list[LessonRow] = []
    failures: str = ""

    pause_seconds: ClassVar[float] = PAUSE_SECONDS

    @rx.event
    async def load(self) -> None:
        """Reads the report of the insights' window."""
        self._show(await _read((await self.get_state(Insights)).last_days))

    async def _refresh(self) -> None:
        async with self:
            chosen = (await self.get_state(Insights)).last_days
        shown = await _read(chosen)  # this takes a while, so it runs without the lock
        async with self:
            self._show(shown)

    def _show(self, shown: dict[str, Any]) -> None:
        for name, value in shown.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


async def _read(last_days: int) -> dict[str, Any]:
    """Returns the vars to set: the report, or the error."""
    window: WindowDays = next(days for days in WINDOWS if days == last_days)
    try:
        report = await call_service(triage_report, window)
    except TicketAppError as error:
        return {"problem": error.detail}
    return _shown(report) | {"problem": "", "loaded": True}


def _shown(report: TriageReport) -> dict[str, Any]:
    return {
        "engine": _engine(report),
        "health": _health(report),
        "waiting": f"{report.waiting:,}",
        "per_ticket": _per_ticket(report.money),
        "spent": _spent(report.money),
        "overruled": [
            _share_row(each.field, each.engine, each.overridden) for each in report.overrides
        ],
        "agreeing": [_share_row(each.field, each.engine, each.same) for each in report.agreement],
        "drafts": [_draft_row(each) for each in report.drafts],
        "calls": [_call_row(each) for each in report.calls],
        "lessons": [_lesson_row(each) for each in report.lessons],
        "failures": _failures(report),
    }


def _engine(report: TriageReport) -> str:
    word = ENGINE_WORDS.get(report.provider.provider, report.provider.provider)
    return f"{word}, {report.provider.model}" if report.provider.configured else word


def _health(report: TriageReport) -> str:
    provider = report.provider
    if provider.retry_in_seconds is not None:
        return f"Paused for {provider.retry_in_seconds:,.0f} s after failures"
    if provider.last_failure is not None:
        return f"Last call: {_outcome(provider.last_failure)}"
    return "Ready"


def _per_ticket(money: Money) -> str:
    return "–" if money.per_ticket is None else _dollars(money.per_ticket)


def _spent(money: Money) -> str:
    spent = _dollars(money.spent_today)
    return spent if money.budget_today is None else f"{spent} of {_dollars(money.budget_today)}"


def _failures(report: TriageReport) -> str:
    counts = [each for each in report.outcomes if each.outcome != "ok"]
    return ", ".join(f"{each.count:,} × {_outcome(each.outcome)}" for each in counts)


def _outcome(outcome: str) -> str:
    return OUTCOME_WORDS.get(outcome, outcome)


def _share_row(field: str, engine: str, share: Share) -> ShareRow:
    return ShareRow(
        field=field_word(field),
        engine=ENGINE_WORDS.get(engine, engine),
        share=f"{share.rate:.0%}",
        interval=f"{share.low:.0%} – {share.high:.0%}",
        n=share.n,
        rate=round(share.rate * 100, 1),
        low=round(share.low * 100, 1),
        high=round(share.high * 100, 1),
    )


def _call_row(calls: Calls) -> CallRow:
    return CallRow(
        engine=ENGINE_WORDS.get(calls.engine, calls.engine),
        model=f"{calls.model}, {calls.prompt_version}",
        calls=f"{calls.calls:,}",
        answered=f"{calls.answered / calls.calls:.0%}",
        p50=_seconds(calls.latency_p50),
        p95=_seconds(calls.latency_p95),
        cost="unknown" if calls.unpriced else _dollars(calls.cost_usd),
    )


def _draft_row(drafts: Drafts) -> DraftRow:
    sent, changed = drafts.as_it_was, drafts.share_changed
    return DraftRow(
        engine=ENGINE_WORDS.get(drafts.engine, drafts.engine),
        model=f"{drafts.model}, {drafts.prompt_version}",
        drafted=f"{drafts.drafted:,}",
        as_it_was="–" if sent is None else f"{sent.count:,} ({sent.rate:.0%})",
        edited=f"{drafts.edited:,}",
        changed="–" if changed is None else f"{changed:.0%}",
        thrown_away=f"{drafts.thrown_away:,}",
    )


def _lesson_row(lesson: LessonPublic) -> LessonRow:
    return LessonRow(
        field=field_word(lesson.field),
        decided=f"{lesson.n_decided:,}",
        held_out=f"{lesson.n_held_out:,}",
        rules=f"{lesson.rules_accuracy:.0%}",
        learned=f"{lesson.learned_accuracy:.0%}",
        chance=f"{lesson.p_value:.1%}" if lesson.p_value >= 0.001 else "< 0.1%",
        outcome="Proposes this field" if lesson.in_use else "The rules stay",
    )


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:,.2f} s"


def _dollars(amount: float) -> str:
    """Returns a sum with two decimals from one cent on. One call costs less, so it gets six."""
    return f"${amount:,.2f}" if amount >= 0.01 or amount == 0 else f"${amount:.6f}"
