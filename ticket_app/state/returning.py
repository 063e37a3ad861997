"""Pages that come back to a process that does not know them: it began anew, or they slept."""

import builtins
from typing import Any

import reflex as rx
from reflex.state import _override_base_method


class Returning(rx.State, mixin=True):
    """A State that says nothing of itself before it was read.

    A connecting page is told every var. It would be told the defaults, show nothing, and lose its
    place; so it goes on showing what it shows until that is read again.
    """

    @_override_base_method
    def dict(
        self, include_computed: bool = True, initial: bool = False, **kwargs: Any
    ) -> builtins.dict[str, Any]:
        """The vars as a connecting page is told them; with `initial` those that are compiled in."""
        told = super().dict(include_computed, initial, **kwargs)
        if not (initial or self._is_read()):
            told[self.get_full_name()] = {}
        return told

    def _is_read(self) -> bool:
        """Whether this process has read what the page shows."""
        raise NotImplementedError
