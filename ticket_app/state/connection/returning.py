"""States of pages that reconnect to a process that lost them, after a restart or a sleep."""

import builtins
from typing import Any

import reflex as rx
from reflex.state import _override_base_method


class Returning(rx.State, mixin=True):
    """A State that sends no vars before it was read.

    Reflex sends every var to a connecting page. Default values would empty the page and lose its
    place. So the page shows its old content until the State is read again.
    """

    @_override_base_method
    def dict(
        self, include_computed: bool = True, initial: bool = False, **kwargs: Any
    ) -> builtins.dict[str, Any]:
        """Returns the vars for a connecting page; with `initial` those that are compiled in."""
        vars_to_send = super().dict(include_computed, initial, **kwargs)
        if not (initial or self._is_read()):
            vars_to_send[self.get_full_name()] = {}
        return vars_to_send

    def _is_read(self) -> bool:
        """Returns True if this process has read what the page shows."""
        raise NotImplementedError
