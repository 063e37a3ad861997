"""How soon the desk answers, and who has its tickets: the part of the insights without a window."""

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

import reflex as rx

from ticket_app.errors import TicketAppError
from ticket_app.schemas.figures import AssigneeCount, TicketStats
from ticket_app.services import figures
from ticket_app.services.people.permission import Verb
from ticket_app.state.connection.subscription import Subscribed
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import SETTLED, Status

NOBODY = "Nobody"
MINUTES_AN_HOUR = 60
HOURS_MAX = 48
"""Times above are written in days."""


@dataclass(frozen=True)
class AssigneeRow:
    """An assignee's tickets that are neither resolved nor closed, and the address of their list."""

    name: str
    address: str
    tickets: int
    waiting: int


class Answers(Subscribed, rx.State):
    """The figures on answers over all tickets."""

    needs: ClassVar[Verb | None] = Verb.READ_FIGURES

    loaded: bool = False
    problem: str = ""
    waiting: str = ""
    answered: str = ""
    first_response: str = ""
    resolution: str = ""
    assignees: list[AssigneeRow] = []

    @rx.event
    async def load(self) -> None:
        """Reads the figures."""
        await self._read()

    async def _refresh(self) -> None:
        async with self:
            await self._read()

    async def _read(self) -> None:
        try:
            stats = await call_service(figures.ticket_stats)
        except TicketAppError as error:
            self.problem = error.detail
            return
        self._show(stats)

    def _show(self, stats: TicketStats) -> None:
        shown = {
            "problem": "",
            "loaded": True,
            "waiting": f"{stats.waiting_tickets:,}",
            "answered": f"{stats.answered_tickets:,}",
            "first_response": time_taken(stats.median_hours_to_first_response),
            "resolution": time_taken(stats.median_hours_to_resolve),
            "assignees": _rows(stats.assignee_breakdown),
        }
        for name, value in shown.items():
            if getattr(self, name) != value:
                setattr(self, name, value)


def time_taken(hours: float | None) -> str:
    """Returns a time in the unit in which people would say it; a dash for None."""
    if hours is None:
        return "–"
    if (minutes := round(hours * 60)) < MINUTES_AN_HOUR:
        return f"{minutes} min"
    return f"{hours:,.1f} h" if hours <= HOURS_MAX else f"{hours / 24:,.1f} days"


def _rows(counts: list[AssigneeCount]) -> list[AssigneeRow]:
    return [
        AssigneeRow(each.name or NOBODY, _address(each.assignee_id), each.tickets, each.waiting)
        for each in counts
    ]


def _address(assignee_id: int | None) -> str:
    unsettled = [("status", status.value) for status in Status if status not in SETTLED]
    return f"/?{urlencode([*unsettled, ('assignee', assignee_id or 'none')])}"
