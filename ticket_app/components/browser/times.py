"""Times in the reader's zone, in 12 or 24 hours as the reader prefers.

The browser knows the zone, so it writes the words: @github/relative-time-element, in Python. The
element updates an age by itself, and shows the full time under the pointer.
"""

from typing import Any, ClassVar

import reflex as rx
from reflex_base.constants.compiler import MemoizationMode
from reflex_components_core.el.elements.base import BaseHTML
from reflex_components_core.el.elements.inline import Time

from ticket_app.state.dates import Dates
from ticket_app.theme import DATE_LANGUAGES, ISO, OWN_LANGUAGE

PACKAGE = "@github/relative-time-element@5.3.1"

_OWN = rx.Var("navigator.language").to(str)
_is_iso = Dates.language == ISO


def _unless_iso(usual: str) -> rx.Var[str]:
    return rx.cond(_is_iso, "2-digit", usual)


_DAY: dict[str, Any] = {
    "year": "numeric",
    "month": _unless_iso("short"),
    "day": _unless_iso("numeric"),
    "weekday": "",
}
_HOUR: dict[str, Any] = {"hour": _unless_iso("numeric"), "minute": "2-digit"}


class RelativeTime(BaseHTML):
    """The package's element. It writes into a shadow root, which no translator rewrites."""

    tag = "relative-time"
    lib_dependencies: ClassVar[list[str]] = [PACKAGE]

    datetime: rx.Var[str]

    def add_imports(self) -> dict[str, str]:
        """The package defines the element when it is imported."""
        return {"": "@github/relative-time-element"}


class Moment(Time):
    """A time element with the package's one compiled into it: as a component of its own it would
    get a name with a hyphen, which no component can have."""

    _memoization_mode = MemoizationMode(recursive=False)


def ago(moment: rx.Var[str]) -> rx.Component:
    """Returns the short age of a moment (ISO 8601), such as "5 min. ago". It is never negative."""
    return _time(moment, tense="past", precision="minute", **{"format-style": "short"})


def on_day(moment: rx.Var[str]) -> rx.Component:
    """Returns the day of a moment, such as "3 Dec 2026"."""
    return _time(moment, format="datetime", **_DAY)


def at_minute(moment: rx.Var[str]) -> rx.Component:
    """Returns the day and the time to the minute."""
    return _time(moment, format="datetime", **_DAY, **_HOUR)


def exactly(moment: rx.Var[str]) -> rx.Component:
    """Returns the day and the time to the second, with the name of the zone."""
    parts = {"second": "2-digit", "time-zone-name": "short"}
    return _time(moment, format="datetime", **_DAY, **_HOUR, **parts)


def _language() -> rx.Var[str]:
    """Returns the language that the reader has chosen. Without one it is that of the page.

    It stands at the time alone, because the words around it stay English.
    """
    tags = {name: each.tag for name, each in DATE_LANGUAGES.items() if each.tag}
    return _by_choice(tags, (OWN_LANGUAGE, _OWN), "en")


def _hour_cycle() -> rx.Var[str]:
    """Returns the clock of the chosen language. Without one it is the browser's own."""
    clocks = {name: each.clock for name, each in DATE_LANGUAGES.items() if each.clock}
    return _by_choice(clocks, (OWN_LANGUAGE, ""), "")


def _by_choice(values: dict[str, str], own: tuple[str, Any], usual: str) -> rx.Var[str]:
    chosen: rx.Var[str] = rx.match(Dates.language, *values.items(), own, usual)
    return chosen


def _time(moment: rx.Var[str], **attributes: Any) -> rx.Component:
    attributes |= {"lang": _language(), "hour-cycle": _hour_cycle()}
    return Moment.create(
        RelativeTime.create(datetime=moment, custom_attrs=attributes),
        date_time=moment,
        class_name="number",
    )
