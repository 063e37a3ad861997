"""The insights: the figures of the last 7, 30 or 90 days."""

from typing import Any, ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas.figures import TicketInsights, WindowDays
from ticket_app.services import figures
from ticket_app.services.people.permission import Verb
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.figures.answers import time_taken
from ticket_app.state.service_calls import call_service
from ticket_app.theme import LOOKS, tone, word_for

WINDOWS: tuple[WindowDays, ...] = (7, 30, 90)
Series = list[dict[str, str | int]]


class Insights(Subscribed, rx.State):
    """The insights' figures. Each series is a list of points, as the charts and tables take it."""

    needs: ClassVar[Verb | None] = Verb.READ_FIGURES

    last_days: int = 30
    loaded: bool = False
    problem: str = ""
    created: str = ""
    resolved: str = ""
    backlog: str = ""
    first_response: str = ""
    hours: str = ""
    flow: Series = []
    breakdowns: dict[str, Series] = {field: [] for field in LOOKS}
    urgency: Series = []
    hours_to_resolve: Series = []

    @rx.event
    async def load(self) -> None:
        """Reads the figures of the chosen window."""
        await self._read()

    @rx.event
    async def choose(self, last_days: int) -> None:
        """Chooses another window."""
        if last_days in WINDOWS:
            self.last_days = last_days
            await self._read()

    async def _refresh(self) -> None:
        async with self:
            await self._read()

    async def _read(self) -> None:
        window = next(days for days in WINDOWS if days == self.last_days)
        try:
            insights = await call_service(figures.ticket_insights, window)
        except TicketAppError as error:
            self.problem = error.detail
            return
        shown = _shown(insights) | {"problem": "", "loaded": True}
        for name, value in shown.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


def _shown(insights: TicketInsights) -> dict[str, Any]:
    hours = insights.mean_hours_to_resolve
    return {
        "created": f"{insights.created:,}",
        "resolved": f"{insights.resolved:,}",
        "backlog": f"{insights.days[-1].backlog:,}",
        "first_response": time_taken(insights.mean_hours_to_first_response),
        "hours": "–" if hours is None else f"{hours:,.1f} h",
        "flow": [
            {
                "day": f"{day.date:%d %b}".lstrip("0"),
                "created": day.created,
                "resolved": day.resolved,
                "backlog": day.backlog,
            }
            for day in insights.days
        ],
        "urgency": [{"name": group.label, "count": group.count} for group in insights.urgency],
        "hours_to_resolve": [
            {"name": group.label, "count": group.count} for group in insights.hours_to_resolve
        ],
        "breakdowns": {
            field: [
                {"name": word_for(field, value), "count": count, "fill": tone(field, value)}
                for value, count in counts.items()
            ]
            for field, counts in insights.breakdowns.items()
        },
    }
