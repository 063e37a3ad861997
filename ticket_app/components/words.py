"""Texts that change, in a page that a browser's translator may have rewritten meanwhile.

A translator puts elements of its own in the place of text nodes. React still holds such a node, and
fails when it is to change it, take it away, or put something before it. It holds none where a text
is all that an element has: that text it writes whole, whatever stands there. So on every page each
text is alone in an element; tests/browser/test_reading.py finds those that are not.
"""

from typing import Any

import reflex as rx
from reflex_base.constants.compiler import MemoizationMode
from reflex_components_core.el.elements.inline import Span


class Words(Span):
    """A span whose text is compiled into it, and not into a component of its own inside it."""

    _memoization_mode = MemoizationMode(recursive=False)


def words(text: rx.Var[Any] | str, **props: Any) -> rx.Component:
    """A text that a State has, alone in a span."""
    return Words.create(text, **props)
