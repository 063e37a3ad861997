"""The strip of figures above the queue."""

from collections.abc import Mapping
from typing import Any, ClassVar

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas.figures import TicketStats
from ticket_app.services import figures
from ticket_app.services.people.permission import Verb
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.service_calls import call_service
from ticket_app.theme import LOOKS


class Figures(Subscribed, rx.State):
    """Figures of all tickets. The keys of the breakdowns are the vocabulary's values."""

    needs: ClassVar[Verb | None] = Verb.READ_FIGURES

    loaded: bool = False
    shown: bool = False
    problem: str = ""
    total: int = 0
    all: str = ""
    open: str = ""
    resolved: str = ""
    urgency: str = ""
    hours: str = ""
    per_day: str = ""
    breakdowns: dict[str, dict[str, int]] = {field: {} for field in LOOKS}
    days: list[int] = []
    busiest: int = 0

    @rx.event
    async def load(self) -> None:
        await self._read()

    @rx.event
    def show(self, shown: bool) -> None:
        """Shows or hides the breakdowns on a small screen."""
        self.shown = shown is True

    async def _read(self) -> None:
        try:
            self._keep(await call_service(figures.ticket_stats))
        except TicketAppError as error:
            self.problem = error.detail
        self.loaded = True

    async def _refresh(self) -> None:
        async with self:
            await self._read()

    def _keep(self, stats: TicketStats) -> None:
        counts = [day.count for day in stats.tickets_per_day]
        hours = stats.mean_hours_to_resolve
        shown = {
            "problem": "",
            "total": stats.total_tickets,
            "all": f"{stats.total_tickets:,}",
            "open": f"{stats.open_tickets:,}",
            "resolved": f"{stats.resolved_tickets:,}",
            "urgency": f"{stats.avg_urgency_score:.0f}",
            "hours": "–" if hours is None else f"{hours:,.1f} h",
            "per_day": f"{stats.avg_tickets_per_day:,.1f}",
            "breakdowns": {field: _named(counts) for field, counts in stats.breakdowns.items()},
            "days": counts,
            "busiest": max(counts),
        }
        for name, value in shown.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


def _named(breakdown: Mapping[Any, int]) -> dict[str, int]:
    return {str(value): count for value, count in breakdown.items()}
