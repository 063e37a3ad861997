"""Times in the zone of whoever reads, with that reader's hours of 12 or 24.

The browser knows the zone, so the browser writes the words: @github/relative-time-element, in
Python. It lets ages grow older by itself, and tells the whole time when pointed at.
"""

from typing import ClassVar

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML

PACKAGE = "@github/relative-time-element@5.3.1"


class RelativeTime(BaseHTML):
    """The package's element. It writes into a root of its own, which no translator rewrites."""

    tag = "relative-time"
    lib_dependencies: ClassVar[list[str]] = [PACKAGE]

    datetime: rx.Var[str]

    def add_imports(self) -> dict[str, str]:
        """The package defines the element when it is imported."""
        return {"": "@github/relative-time-element"}


def ago(moment: rx.Var[str]) -> rx.Component:
    """How long ago a moment (ISO 8601) was, in few letters: "5 min. ago". Never negative."""
    return _time(moment, tense="past", precision="minute", **{"format-style": "short"})


def exactly(moment: rx.Var[str]) -> rx.Component:
    """The day and the time to the second, with the name of the zone."""
    parts = {"year": "numeric", "month": "short", "day": "numeric", "weekday": "",
             "hour": "numeric", "minute": "2-digit", "second": "2-digit",
             "time-zone-name": "short"}  # fmt: skip
    return _time(moment, format="datetime", **parts)


def _time(moment: rx.Var[str], **attributes: str) -> rx.Component:
    return rx.el.time(
        RelativeTime.create(datetime=moment, custom_attrs=attributes),
        date_time=moment,
        class_name="number",
    )
