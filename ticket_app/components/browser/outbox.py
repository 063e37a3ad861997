"""An outbox in the browser: it keeps what a page sent until the desk has acknowledged it.

A dead connection is noticed late, and events sent into it are lost. So every event of the desk gets
a number. After a reconnection all unacknowledged events are sent again, in order, before the
waiting ones. Handlers are idempotent; those that change tickets run once for a number
(`state/connection/acknowledging.py`).

The outbox uses the hook of Reflex's client for tracing. Everything here is an expression that the
browser evaluates.
"""

from typing import Any

import reflex as rx
from reflex.experimental.client_state import ClientStateVar
from reflex.vars import ArrayVar, VarData
from reflex_base.utils.format import format_event_handler

from ticket_app.components.browser.browser_functions import Object, as_object, call, function_of
from ticket_app.components.browser.words import words
from ticket_app.state.connection.acknowledging import AGAIN, NUMBER, Acknowledged

_HOOK = "__reflex_otel"
_OWN_EVENTS = ".ticket_app___state"
_FROM_REFLEX = VarData(imports={"$/utils/state": ["queueEvents", "isStateful"]})
_QUEUE_EVENTS: rx.Var[Any] = rx.Var("queueEvents", _var_data=_FROM_REFLEX)
_IS_WAITING: rx.Var[Any] = rx.Var("isStateful", _var_data=_FROM_REFLEX)

LATE_MS = 3_000
"""Milliseconds after which an answer is late. The stylesheet uses the same time."""

_unanswered = ClientStateVar.create("unansweredEvents", default=[])


def outbox() -> rx.Component:
    """Keeps sent events until they are acknowledged. Every page has one."""
    return rx.fragment(
        rx.fragment(on_mount=_begin()),
        rx.fragment(
            forget_acknowledged(number=Acknowledged.number, beyond=Acknowledged.beyond),
            key=Acknowledged.number.to_string() + Acknowledged.beyond.to_string(),
        ),
    )


def is_unanswered(handler: Any, **payload: str) -> rx.Var[bool]:
    """Returns True if an event of this handler with this payload was sent and is not done yet."""
    event = as_object(rx.Var("event"))
    same: rx.Var[bool] = event["name"].to(str) == format_event_handler(handler)
    for name, value in payload.items():
        same = same & (as_object(event["payload"])[name].to(str) == value)
    return call(as_object(_unanswered.value)["some"], function_of(("event",), same)).to(bool)


@rx.memo
def forget_acknowledged(number: rx.Var[int], beyond: rx.Var[list[int]]) -> rx.Component:
    """Forgets the sent events up to this number, and those of `beyond`."""
    sent = as_object(rx.Var("event"))[NUMBER].to(int)
    is_left = function_of(("event",), (sent > number) & ~beyond.contains(sent))
    left = call(as_object(_stored())["filter"], is_left)
    return rx.el.span(on_mount=function_of((), [_store(left)]), hidden=True)


def late(*slow: Any) -> rx.Component:
    """Shows that an answer is awaited, 3 s after the event, by the stylesheet. Handlers in `slow`
    are left out, because they show it themselves."""
    return late_notice(excluded=[format_event_handler(each) for each in slow])


@rx.memo
def late_notice(excluded: rx.Var[list[str]]) -> rx.Component:
    """Shows while an event is unanswered, except for events with these names."""
    name = as_object(rx.Var("event"))["name"].to(str)
    other = function_of(("event",), ~excluded.contains(name))
    return rx.cond(
        call(as_object(_unanswered.value)["some"], other).to(bool),
        rx.el.div(
            words("The desk has not answered yet. What you did waits, and is done once it does."),
            role="status",
            class_name="lost late",
        ),
    )


def _begin() -> rx.Var[Any]:
    """Installs Reflex's hook, unless another page of the desk did so before."""
    hook = {
        "last": 0,
        "kept": rx.Var("[]"),
        "onEventSend": _if(("event",), _is_own(), _number_and_keep()),
        "onSocketConnect": _if((), _stored().length() > 0, _send_again()),
    }
    begun = as_object(rx.Var("window"))[_HOOK]
    taken = rx.cond(begun, begun, rx.Var.create(hook))
    ask = _if(("event",), _would_be_lost(), [call(as_object(rx.Var("event"))["preventDefault"])])
    return function_of((), [_assign(rx.Var("window"), {_HOOK: taken, "onbeforeunload": ask})])


def _would_be_lost() -> rx.Var[bool]:
    """Returns True if an event waits for the connection or its answer is late. Numbers are times.

    The browser then asks the person before it leaves or reloads the page.
    """
    oldest = as_object(_stored()[0])[NUMBER].to(int)
    is_late = (_stored().length() > 0) & (call(rx.Var("Date.now")).to(int) - oldest > LATE_MS)
    return call(_IS_WAITING).to(bool) | is_late


def _if(names: tuple[str, ...], condition: rx.Var[bool], do: list[rx.Var[Any]]) -> rx.Var[Any]:
    return function_of(names, rx.cond(condition, do, rx.Var("null")))


def _is_own() -> rx.Var[bool]:
    name = as_object(rx.Var("event"))["name"]
    return call(as_object(name)["includes"], _OWN_EVENTS).to(bool)


def _number_and_keep() -> list[rx.Var[Any]]:
    """Numbers an event and keeps it. Numbers grow even if the clock is set back."""
    event, last = as_object(rx.Var("event")), _hook()["last"].to(int)
    new = call(rx.Var("Math.max"), call(rx.Var("Date.now")), last + 1)
    return [
        _assign(rx.Var("event"), {NUMBER: rx.cond(event[NUMBER], event[NUMBER], new)}),
        _assign(_hook(), {"last": call(rx.Var("Math.max"), event[NUMBER], last)}),
        _store(call(as_object(_stored())["concat"], [rx.Var("event")])),
    ]


def _send_again() -> list[rx.Var[Any]]:
    """Sends the kept events before the waiting ones. Reflex fills in the page's present address."""
    anew = _assign(rx.Var("{}"), rx.Var("event"), {AGAIN: True, "router_data": {}})
    events = call(as_object(_stored())["map"], function_of(("event",), anew))
    sending = [
        _store(rx.Var("[]")),
        call(_QUEUE_EVENTS, rx.Var("events"), rx.Var("null"), True),
    ]
    return [call(function_of(("events",), sending), events)]


def _stored() -> ArrayVar[list[dict[str, Any]]]:
    return _hook()["kept"].to(ArrayVar, list[dict[str, Any]])


def _store(events: rx.Var[Any]) -> rx.Var[Any]:
    """Stores these events, and redraws the components that depend on them."""
    store = [_assign(_hook(), {"kept": rx.Var("events")}), call(_unanswered.set, rx.Var("events"))]
    return call(function_of(("events",), store), events)


def _hook() -> Object:
    return as_object(as_object(rx.Var("window"))[_HOOK])


def _assign(target: rx.Var[Any], *sources: Any) -> rx.Var[Any]:
    return call(rx.Var("Object.assign"), target, *sources)
