"""The rules of texts.py as regular expressions, for clients that validate by the OpenAPI document.

At each character such an expression leaves an engine one way to go on. With two ways an engine
backtracks, and a long text that does not match blocks it for seconds.
"""

from ticket_app.vocabulary import BLANKS, INVISIBLE, LINE_ENDS, NONCHARACTERS, Ranges

FIRST_PLANE = range(0x10000)
"""The Basic Multilingual Plane. Some engines see a code point beyond it as two characters, so the
patterns name none of those."""


def _points(ranges: Ranges) -> set[int]:
    return {
        point for first, last in ranges for point in range(first, last + 1) if point in FIRST_PLANE
    }


def _class_body(points: set[int]) -> str:
    """Returns these code points for the brackets, in escapes that every engine reads."""
    firsts = sorted(point for point in points if point - 1 not in points)
    lasts = sorted(point for point in points if point + 1 not in points)
    return "".join(
        f"\\u{first:04X}-\\u{last:04X}" for first, last in zip(firsts, lasts, strict=True)
    )


def _any_of(points: set[int]) -> str:
    return f"[{_class_body(points)}]"


def _none_of(points: set[int]) -> str:
    return f"[^{_class_body(points)}]"


_NUL = {0}
_BLANKS = {ord(each) for each in BLANKS}
_LINE_ENDS = _points(LINE_ENDS)
_INVISIBLE = _points(INVISIBLE + NONCHARACTERS)
_SHOWN = _none_of(_INVISIBLE)
_UNSEEN_IN_LINE = _INVISIBLE - _LINE_ENDS
_TO_THE_END = f"{_none_of(_LINE_ENDS)}*(?:{_any_of(_BLANKS & _LINE_ENDS)}{_any_of(_BLANKS)}*)?"
"""Matches the rest of a line, then the blanks from its first line end on, which are trimmed."""

ANY_TEXT = f"^{_none_of(_NUL)}*$"
TEXT = f"^{_any_of(_INVISIBLE - _NUL)}*{_SHOWN}{_none_of(_NUL)}*$"
LINE = (
    f"^{_any_of(_BLANKS)}*"
    f"(?:{_any_of(_UNSEEN_IN_LINE - _BLANKS)}{_any_of(_UNSEEN_IN_LINE)}*)?"
    f"{_SHOWN}{_TO_THE_END}$"
)
LINE_OR_BLANK = f"^{_any_of(_BLANKS)}*(?:{_none_of(_LINE_ENDS | _BLANKS)}{_TO_THE_END})?$"
