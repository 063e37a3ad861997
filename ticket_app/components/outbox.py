"""What the page has sent, kept by the browser until the desk has acknowledged it.

A line can be dead before anybody notices: what is sent into it is lost without a word. So every
event of the desk gets a number, and is sent again after a reconnection, in its place before what
waits, until the desk says that it is done. Each is meant to be done twice without harm; those that
change tickets are done once (`state/acknowledging.py`).

It hangs on the hook that Reflex's client has for whoever follows what it sends. Everything here is
an expression for the browser to work out.
"""

from typing import Any

import reflex as rx
from reflex.experimental.client_state import ClientStateVar
from reflex.vars import ArrayVar, VarData
from reflex_base.utils.format import format_event_handler

from ticket_app.components.browser_functions import Object, as_object, call, function_of
from ticket_app.components.words import words
from ticket_app.state.acknowledging import AGAIN, NUMBER, Acknowledged

_HOOK = "__reflex_otel"
_OWN_EVENTS = ".ticket_app___state"
_FROM_REFLEX = VarData(imports={"$/utils/state": ["queueEvents", "isStateful"]})
_QUEUE_EVENTS: rx.Var[Any] = rx.Var("queueEvents", _var_data=_FROM_REFLEX)
_IS_WAITING: rx.Var[Any] = rx.Var("isStateful", _var_data=_FROM_REFLEX)

LATE_MS = 3_000
"""From here on an answer is late; the stylesheet says so at the same time."""

_unanswered = ClientStateVar.create("unansweredEvents", default=[])


def outbox() -> rx.Component:
    """Keeps what is sent, until it is acknowledged. One stands on every page."""
    return rx.fragment(
        rx.fragment(on_mount=_begin()),
        rx.fragment(
            acknowledged(number=Acknowledged.number, beyond=Acknowledged.beyond),
            key=Acknowledged.number.to_string() + Acknowledged.beyond.to_string(),
        ),
    )


def is_unanswered(handler: Any, **payload: str) -> rx.Var[bool]:
    """Whether an event of this handler, with such a payload, was sent and is not done yet."""
    event = as_object(rx.Var("event"))
    same: rx.Var[bool] = event["name"].to(str) == format_event_handler(handler)
    for name, value in payload.items():
        same = same & (as_object(event["payload"])[name].to(str) == value)
    return call(as_object(_unanswered.value)["some"], function_of(("event",), same)).to(bool)


@rx.memo
def acknowledged(number: rx.Var[int], beyond: rx.Var[list[int]]) -> rx.Component:
    """Forgets what was sent up to this number, and those beyond it."""
    sent = as_object(rx.Var("event"))[NUMBER].to(int)
    is_left = function_of(("event",), (sent > number) & ~beyond.contains(sent))
    left = call(as_object(_kept())["filter"], is_left)
    return rx.el.span(on_mount=function_of((), [_keep(left)]), hidden=True)


def late(*slow: Any) -> rx.Component:
    """Says that an answer is awaited; the stylesheet shows it once that has taken 3 s. The events
    of `slow` say so themselves."""
    return waiting(unlike=[format_event_handler(each) for each in slow])


@rx.memo
def waiting(unlike: rx.Var[list[str]]) -> rx.Component:
    """Shown while anything that was sent is not answered, but for events of these names."""
    name = as_object(rx.Var("event"))["name"].to(str)
    other = function_of(("event",), ~unlike.contains(name))
    return rx.cond(
        call(as_object(_unanswered.value)["some"], other).to(bool),
        rx.el.div(
            words("The desk has not answered yet. What you did waits, and is done once it does."),
            role="status",
            class_name="lost late",
        ),
    )


def _begin() -> rx.Var[Any]:
    """Take Reflex's hook, unless another page of the desk did so before."""
    hook = {
        "last": 0,
        "kept": rx.Var("[]"),
        "onEventSend": _if(("event",), _is_own(), _number_and_keep()),
        "onSocketConnect": _if((), _kept().length() > 0, _send_again()),
    }
    begun = as_object(rx.Var("window"))[_HOOK]
    taken = rx.cond(begun, begun, rx.Var.create(hook))
    ask = _if(("event",), _would_be_lost(), [call(as_object(rx.Var("event"))["preventDefault"])])
    return function_of((), [_assign(rx.Var("window"), {_HOOK: taken, "onbeforeunload": ask})])


def _would_be_lost() -> rx.Var[bool]:
    """Whether something waits for the line, or was sent too long ago to be answered any moment.
    Numbers are times. The browser then asks before it leaves or reloads the page."""
    oldest = as_object(_kept()[0])[NUMBER].to(int)
    is_late = (_kept().length() > 0) & (call(rx.Var("Date.now")).to(int) - oldest > LATE_MS)
    return call(_IS_WAITING).to(bool) | is_late


def _if(names: tuple[str, ...], condition: rx.Var[bool], do: list[rx.Var[Any]]) -> rx.Var[Any]:
    return function_of(names, rx.cond(condition, do, rx.Var("null")))


def _is_own() -> rx.Var[bool]:
    name = as_object(rx.Var("event"))["name"]
    return call(as_object(name)["includes"], _OWN_EVENTS).to(bool)


def _number_and_keep() -> list[rx.Var[Any]]:
    """The clock may be set back: a number is greater than the one before, whatever it says."""
    event, last = as_object(rx.Var("event")), _hook()["last"].to(int)
    new = call(rx.Var("Math.max"), call(rx.Var("Date.now")), last + 1)
    return [
        _assign(rx.Var("event"), {NUMBER: rx.cond(event[NUMBER], event[NUMBER], new)}),
        _assign(_hook(), {"last": call(rx.Var("Math.max"), event[NUMBER], last)}),
        _keep(call(as_object(_kept())["concat"], [rx.Var("event")])),
    ]


def _send_again() -> list[rx.Var[Any]]:
    """Put what was kept before what waits: where the page is now, Reflex fills in anew."""
    anew = _assign(rx.Var("{}"), rx.Var("event"), {AGAIN: True, "router_data": {}})
    events = call(as_object(_kept())["map"], function_of(("event",), anew))
    sending = [
        _keep(rx.Var("[]")),
        call(_QUEUE_EVENTS, rx.Var("events"), rx.Var("null"), True),
    ]
    return [call(function_of(("events",), sending), events)]


def _kept() -> ArrayVar[list[dict[str, Any]]]:
    return _hook()["kept"].to(ArrayVar, list[dict[str, Any]])


def _keep(events: rx.Var[Any]) -> rx.Var[Any]:
    """Keep these events, and have what is drawn of them drawn anew."""
    store = [_assign(_hook(), {"kept": rx.Var("events")}), call(_unanswered.set, rx.Var("events"))]
    return call(function_of(("events",), store), events)


def _hook() -> Object:
    return as_object(as_object(rx.Var("window"))[_HOOK])


def _assign(target: rx.Var[Any], *sources: Any) -> rx.Var[Any]:
    return call(rx.Var("Object.assign"), target, *sources)
