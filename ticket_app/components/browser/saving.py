"""Optimistic updates of selects: the browser shows a choice that the server has not saved yet.

A choice shows at once on any connection, until the server has answered it. A refused choice is
removed, and a notice gives the reason.

Everything here is an expression that the browser evaluates.
"""

from typing import Any

import reflex as rx
from reflex.event import EventChain
from reflex.experimental.client_state import ClientStateVar
from reflex.vars import FunctionVar

from ticket_app.components.browser.browser_functions import as_object, call, function_of
from ticket_app.state.tickets.actions import TicketActions

_unsaved = ClientStateVar.create("unsavedChoices", default={})
"""By ticket and field: the value, the number of the choice (0: settled), and the ticket's version
at that time."""


class OptimisticChoice:
    """A choice of a value for one field of a ticket."""

    def __init__(
        self, ticket_id: rx.Var[int], field: str, value: rx.Var[str], version: rx.Var[int]
    ) -> None:
        self.ticket_id, self.field, self.value, self.version = ticket_id, field, value, version
        self._key = ticket_id.to_string() + f".{field}"
        chosen = as_object(as_object(_unsaved.value)[self._key])
        self._chosen, self._number = chosen["value"].to(str), chosen["number"].to(int)
        self._version = chosen["version"].to(int)
        self._is_any = as_object(_unsaved.value).contains(self._key) & (self._number != 0)
        self._answer = TicketActions.answered[self._key].to(int)
        self._is_new = self._version == version

    @property
    def is_unsaved(self) -> rx.Var[bool]:
        """True if the server has not answered the choice yet."""
        return self._is_any & (self._answer != self._number) & ~self._is_refused

    @property
    def shown(self) -> rx.Var[str]:
        """The choice until the ticket has a newer version, else the ticket's value."""
        is_ahead = self._is_any & ~self._is_refused & (self.is_unsaved | self._is_new)
        return rx.cond(is_ahead, self._chosen, self.value)

    def on_change(self) -> Any:
        """Returns a function that shows the choice at once, without an event that could wait."""
        chosen = rx.Var.create(
            {"value": rx.Var("value"), "number": call(rx.Var("Date.now")), "version": self.version}
        )
        return function_of(("value",), _store(self._key, chosen)).to(FunctionVar, EventChain)

    def sender(self) -> rx.Component:
        """Returns a component that sends the choice when it is drawn."""
        is_settled = self._is_any & (
            self._is_refused | ((self._answer == self._number) & ~self._is_new)
        )
        return rx.fragment(
            rx.cond(
                self.is_unsaved,
                rx.fragment(
                    unsaved_choice(
                        ticket_id=self.ticket_id,
                        field=self.field,
                        value=self._chosen,
                        number=self._number,
                        version=self._version,
                    ),
                    key=self._number.to_string(),
                ),
            ),
            rx.cond(is_settled, settled_choice(name=self._key)),
        )

    @property
    def _is_refused(self) -> rx.Var[bool]:
        return self._answer == -self._number


@rx.memo
def unsaved_choice(
    ticket_id: rx.Var[int],
    field: rx.Var[str],
    value: rx.Var[str],
    number: rx.Var[int],
    version: rx.Var[int],
) -> rx.Component:
    """Shows that a choice is not saved, and sends it."""
    return rx.el.span(
        "Not saved yet",
        on_mount=TicketActions.change(ticket_id, field, value, number, version),
        class_name="unsaved small",
    )


@rx.memo
def settled_choice(name: rx.Var[str]) -> rx.Component:
    """Forgets a choice. Draws nothing."""
    settled = rx.Var.create({"value": "", "number": 0, "version": 0})
    forget = function_of((), _store(name, settled))
    return rx.el.span(on_mount=rx.call_function(forget), hidden=True)


def _store(name: rx.Var[str], chosen: rx.Var[Any]) -> rx.Var[Any]:
    """Stores a choice beside the others."""
    merged = as_object(_unsaved.value).merge(rx.Var.create({name: chosen}))
    return call(_unsaved.set_value(merged))
