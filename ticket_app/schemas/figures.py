"""Shapes of the desk's figures."""

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field, create_model

from ticket_app.vocabulary import FACETS

WindowDays = Literal[7, 30, 90]


class DayCount(BaseModel):
    """The number of tickets of one UTC day."""

    date: date
    count: int


Breakdowns = dict[str, dict[StrEnum, int]]
"""The number of tickets for each value of each of FACETS; every value is present."""


class AssigneeCount(BaseModel):
    """The tickets of one assignee that are neither resolved nor closed, and those of them whose
    requester waits for an answer. `assignee_id` and `name` are None for the tickets of nobody."""

    assignee_id: int | None
    name: str | None
    tickets: int
    waiting: int


class _Totals(BaseModel):
    """Figures over all tickets that are not deleted. Every value of a breakdown is always present.

    `resolved_tickets` counts tickets that are resolved or closed. `mean_hours_to_resolve` and
    `median_hours_to_resolve` are over these, and None without any. Those to the first response are
    over `answered_tickets`. A median is within 1 % of the true one, or within a second.
    `assignee_breakdown` has the tickets of nobody first, then the 100 people with the most tickets.
    `tickets_per_day` has the last 30 UTC days, oldest first.
    """

    total_tickets: int
    open_tickets: int
    avg_tickets_per_day: float
    avg_urgency_score: float
    resolved_tickets: int = Field(description="Tickets that are resolved or closed.")
    mean_hours_to_resolve: float | None
    median_hours_to_resolve: float | None
    answered_tickets: int = Field(description="Tickets with a first response.")
    mean_hours_to_first_response: float | None
    median_hours_to_first_response: float | None
    waiting_tickets: int = Field(description="Tickets whose requester waits for an answer.")
    assignee_breakdown: list[AssigneeCount]
    tickets_per_day: list[DayCount]


class TicketStats(_Totals):
    """The totals as services return them, with one mapping of all breakdowns."""

    breakdowns: Breakdowns


PublishedStats = create_model(
    "TicketStats",
    __base__=_Totals,
    __doc__=_Totals.__doc__,
    **{f"{field}_breakdown": (dict[values, int], ...) for field, values in FACETS.items()},  # type: ignore[call-overload, valid-type]
)
"""The totals as REST returns them, with a field for each breakdown."""


class DayFlow(BaseModel):
    """One UTC day: tickets created, tickets resolved or closed, and the backlog at its end."""

    date: date
    created: int
    resolved: int
    backlog: int


class GroupCount(BaseModel):
    """The number of tickets in a named group."""

    label: str
    count: int


class TicketInsights(BaseModel):
    """Figures of a window of UTC days. The breakdowns and urgency are of tickets created in it.

    `resolved` and the times to resolve are of tickets resolved or closed in the window, whenever
    they were created. So `responded` and the time to the first response are of tickets that were
    answered first in the window.
    """

    days: list[DayFlow]
    created: int
    resolved: int
    breakdowns: Breakdowns
    urgency: list[GroupCount]
    hours_to_resolve: list[GroupCount]
    mean_hours_to_resolve: float | None
    responded: int
    mean_hours_to_first_response: float | None
