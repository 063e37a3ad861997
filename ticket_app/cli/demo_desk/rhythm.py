"""The times of tickets: mostly working hours, fewer at weekends, and a burst in each outage."""

from datetime import datetime, time, timedelta
from random import Random
from typing import NamedTuple

DAYS = 90
WEEKDAYS = (1.3, 1.15, 1.05, 1.0, 0.95, 0.4, 0.25)
HOURS = (1, 1, 0, 0, 1, 2, 5, 9, 16, 22, 22, 19, 14, 17, 20, 19, 16, 12, 9, 7, 5, 4, 3, 2)
GROWTH = 0.35
"""The last day is busier than the first by this share."""

OUTAGES = (71, 38, 9)
"""The outages, as days before now."""
OUTAGE_SHARE = 0.012
OUTAGE_HOURS = 3.0

JUST_NOW = 14
JUST_NOW_HOURS = 7.0


OPENS, CLOSES = time(7), time(18, 30)
OFFICE_DAYS = 5
MINUTES_TO_BEGIN = 45
"""The mean time after which something is done that waited for the office to open."""


class Moment(NamedTuple):
    """The time of a ticket; `outage` is True if an outage is its reason."""

    at: datetime
    outage: bool = False


def moments(chance: Random, count: int, now: datetime) -> list[Moment]:
    """Return `count` moments of the last DAYS days, oldest first; the newest are minutes old."""
    recent = min(JUST_NOW, count // 3)
    struck = round(count * OUTAGE_SHARE)
    found = [_just_now(chance, now, place / recent) for place in range(recent)]
    found += [_outage(chance, now, days) for days in OUTAGES for _ in range(struck)]
    found += _working_days(chance, count - len(found), now)
    return sorted(found)


def _just_now(chance: Random, now: datetime, place: float) -> Moment:
    minutes = 2 + 60 * JUST_NOW_HOURS * place**1.5 + chance.uniform(0, 9)
    return Moment(now - timedelta(minutes=minutes))


def _outage(chance: Random, now: datetime, days: int) -> Moment:
    began = datetime.combine(now - timedelta(days=days), time(8, 40), now.tzinfo)
    # Most notice at once, some later.
    return Moment(began + timedelta(hours=OUTAGE_HOURS * chance.betavariate(1.2, 3)), outage=True)


def _working_days(chance: Random, count: int, now: datetime) -> list[Moment]:
    latest = now - timedelta(hours=JUST_NOW_HOURS)
    hours = [latest - timedelta(hours=back) for back in range(DAYS * 24)]
    busy = [
        HOURS[hour.hour] * WEEKDAYS[hour.weekday()] * (1 + GROWTH * (1 - back / len(hours)))
        for back, hour in enumerate(hours)
    ]
    return [
        Moment(hour - timedelta(minutes=chance.uniform(0, 60)))
        for hour in chance.choices(hours, weights=busy, k=count)
    ]


def in_office_hours(chance: Random, at: datetime) -> datetime:
    """Return the moment itself if the office is open then, else one soon after it opens."""
    if at.weekday() < OFFICE_DAYS and OPENS <= at.time() < CLOSES:
        return at
    day = at.date() + timedelta(days=at.time() >= OPENS)
    while day.weekday() >= OFFICE_DAYS:
        day += timedelta(days=1)
    minutes = min(chance.expovariate(1 / MINUTES_TO_BEGIN), 240)
    return datetime.combine(day, OPENS, at.tzinfo) + timedelta(minutes=minutes)
