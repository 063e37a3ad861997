"""Changing texts in a page that a browser's translator may have rewritten.

A translator replaces text nodes by its own elements. React keeps a reference to each node, and
fails when it changes or removes that node or inserts before it. It keeps none if a text is all that
an element contains: it writes that text as a whole. So each text of a page is alone in an element.
tests/browser/test_reading.py finds those that are not.
"""

from typing import Any

import reflex as rx
from reflex_base.constants.compiler import MemoizationMode
from reflex_components_core.el.elements.inline import Span


class Words(Span):
    """A span whose text is compiled into it, and not into a component of its own inside it."""

    _memoization_mode = MemoizationMode(recursive=False)


def words(text: rx.Var[Any] | str, **props: Any) -> rx.Component:
    """Returns a text of a State, alone in a span."""
    return Words.create(text, **props)
