"""Names of the team after an "@", while one writes: chosen by arrows and Enter, Tab or the mouse.

The browser does it alone, so that no key waits for the desk. The field stays a text box of several
lines for screen readers, which hear how many names there are and which one is chosen. A name is
inserted as if it were typed: the browser's own undo takes it back, and the draft is kept.
"""

from typing import Any, NamedTuple

import reflex as rx
from reflex.experimental.client_state import ClientStateVar
from reflex.vars import ArrayVar

from ticket_app.components.browser.browser_functions import Object, as_object, call, function_of
from ticket_app.components.browser.words import words
from ticket_app.state.conversation.mentions import Colleague, Mentions
from ticket_app.vocabulary import MessageKind

OFFERED_MAX = 6
SOUGHT_MAX = 60
"""Characters after an "@" that may be a name."""
MENTION = rf"(?:^|[^\p{{L}}\p{{N}}_])(@[^@\n]{{0,{SOUGHT_MAX}}})$"
"""An "@" that begins a word, and what is written after it up to the caret."""
_NOTHING: rx.Var[Any] = rx.Var("null")
_EVENT: rx.Var[Any] = rx.Var("event")


class _Asking(NamedTuple):
    """A field. `asked` is the text from the "@" to the caret while names are offered, or empty;
    `active` is the place of the chosen one; `closed` is the place of an "@" for which no more are
    offered, or -1."""

    field_id: str
    asked: ClientStateVar
    active: ClientStateVar
    closed: ClientStateVar

    @property
    def names(self) -> str:
        return f"{self.field_id}-names"

    def option(self, place: rx.Var[int]) -> rx.Var[str]:
        return rx.Var.create(f"{self.names}-").to(str) + place.to_string()

    @property
    def found(self) -> ArrayVar[list[Colleague]]:
        """The people to be offered. What was asked may begin with any word of a name."""
        sought = rx.Var.create(" ").to(str) + _plain(_part(self.asked.value, "slice", 1))
        fits = _part(as_object(rx.Var("each"))["sought"], "includes", sought)
        all_found = _part(Mentions.people, "filter", function_of(("each",), fits))
        none: rx.Var[Any] = rx.Var.create([])
        found = rx.cond(self.asked.value != "", _part(all_found, "slice", 0, OFFERED_MAX), none)
        return found.to(ArrayVar, list[Colleague])

    @property
    def is_open(self) -> rx.Var[bool]:
        return self.found.length() > 0


_fields: dict[str, _Asking] = {
    kind.value: _Asking(
        f"{kind}-text",
        ClientStateVar.create(f"mention{kind.capitalize()}", default=""),
        ClientStateVar.create(f"mention{kind.capitalize()}Active", default=0),
        ClientStateVar.create(f"mention{kind.capitalize()}Closed", default=-1),
    )
    for kind in MessageKind
}


def offers(kind: str) -> dict[str, Any]:
    """Returns the attributes of the field of this kind, after whose "@" names are offered."""
    asking = _fields[kind]
    chosen = rx.cond(asking.is_open, asking.option(asking.active.value.to(int)), "")
    return {
        "aria-autocomplete": "list",
        "aria-haspopup": "listbox",
        "aria-controls": asking.names,
        "aria-activedescendant": chosen,
    }


def with_mentions(kind: str, field: rx.Component) -> rx.Component:
    """Returns the field of this kind with the names that are offered above it."""
    asking = _fields[kind]
    look = function_of(("event",), _look(asking, as_object(as_object(_EVENT)["target"])))
    return rx.el.div(
        asking.asked,
        asking.active,
        asking.closed,
        field,
        rx.el.ul(
            rx.foreach(asking.found, lambda each, place: _offer(asking, each, place)),
            id=asking.names,
            role="listbox",
            hidden=~asking.is_open,
            class_name="choices mentions",
            custom_attrs={"aria-label": "People to mention"},
        ),
        rx.el.div(words(_heard(asking)), role="status", class_name="unseen"),
        class_name="mentioning",
        custom_attrs={
            "onInput": look,
            "onSelect": look,
            "onKeyDown": function_of(("event",), _press(asking)),
            "onBlur": function_of((), call(asking.asked.set, "")),
        },
    )


def _offer(asking: _Asking, each: rx.Var[Colleague], place: rx.Var[int]) -> rx.Component:
    stay = function_of(("event",), call(as_object(_EVENT)["preventDefault"]))
    return rx.el.li(
        words(each.name, dir="auto"),
        rx.cond(each.email, words(each.email, dir="auto", class_name="quiet small")),
        id=asking.option(place),
        role="option",
        class_name="choice",
        key=each.name,
        custom_attrs={
            "aria-selected": (asking.active.value == place).to_string(),
            "onMouseDown": stay,
            "onClick": function_of((), _take(asking, as_object(each))),
        },
    )


def _heard(asking: _Asking) -> rx.Var[str]:
    count = asking.found.length().to_string()
    some = count + " names. Up and down choose, Enter takes one, Escape closes."
    return rx.cond(asking.is_open, some, "").to(str)


def _look(asking: _Asking, field: Object) -> rx.Var[Any]:
    """Finds the "@" before the caret, after each key and each move of the caret."""
    caret = field["selectionStart"].to(int)
    first = call(rx.Var("Math.max"), 0, caret - SOUGHT_MAX - 2)
    before = _part(field["value"], "slice", first, caret)
    hit = _part(before, "match", call(rx.Var("RegExp"), MENTION, "u"))
    asked = as_object(hit)["1"]
    found, start = rx.Var("found").to(str), rx.Var("start").to(int)
    is_closed = (start == asking.closed.value) | (field["selectionEnd"].to(int) != caret)
    seen = [
        call(asking.active.set, rx.cond(found == asking.asked.value, asking.active.value, 0)),
        call(asking.asked.set, rx.cond(is_closed, "", found)),
        call(asking.closed.set, rx.cond(found != "", asking.closed.value, -1)),
    ]
    placed = call(function_of(("found", "start"), seen), found, caret - found.length())
    return call(function_of(("found",), placed), rx.cond(asked, asked, ""))


def _press(asking: _Asking) -> rx.Var[Any]:
    """Takes the keys of the list while it is there. With a modifier they mean something else."""
    event = as_object(_EVENT)
    key, count, active = event["key"].to(str), asking.found.length(), asking.active.value.to(int)
    is_plain = ~(
        event["ctrlKey"].to(bool)
        | event["metaKey"].to(bool)
        | event["altKey"].to(bool)
        | event["shiftKey"].to(bool)
        | as_object(event["nativeEvent"])["isComposing"].to(bool)
    )
    chosen = as_object(asking.found[active])
    field = as_object(event["target"])
    start = field["selectionStart"].to(int) - asking.asked.value.to(str).length()
    acts = rx.match(
        key,
        ("ArrowDown", _taken(call(asking.active.set, (active + 1) % count))),
        ("ArrowUp", _taken(call(asking.active.set, (active + count - 1) % count))),
        ("Enter", _taken(_take(asking, chosen))),
        ("Tab", _taken(_take(asking, chosen))),
        ("Escape", _taken(*_close(asking, start))),
        _NOTHING,
    )
    return rx.cond(asking.is_open & is_plain, acts, _NOTHING)


def _taken(*does: rx.Var[Any]) -> rx.Var[Any]:
    event = as_object(_EVENT)
    return rx.Var.create([call(event["preventDefault"]), call(event["stopPropagation"]), *does])


def _take(asking: _Asking, person: Object) -> rx.Var[Any]:
    """Writes the name in place of what was asked, and a blank after it."""
    field = as_object(call(rx.Var("document.getElementById"), asking.field_id))
    caret = field["selectionStart"].to(int)
    start = rx.Var("start").to(int)
    text = rx.Var.create("@").to(str) + person["name"].to(str) + " "
    does = [
        call(field["setSelectionRange"], start, caret),
        call(rx.Var("document.execCommand"), "insertText", False, text),
        *_close(asking, start),
    ]
    asked = asking.asked.value.to(str)
    return call(function_of(("start",), does), caret - asked.length())


def _close(asking: _Asking, start: rx.Var[int]) -> list[rx.Var[Any]]:
    """Offers no more for the "@" at this place."""
    return [call(asking.closed.set, start), call(asking.asked.set, "")]


def _plain(text: rx.Var[Any]) -> rx.Var[str]:
    """Returns the text without accents and capitals, as the names of the State are."""
    parts = _part(text, "normalize", "NFKD")
    marks = call(rx.Var("RegExp"), r"\p{M}", "gu")
    return _part(_part(parts, "replace", marks, ""), "toLowerCase").to(str)


def _part(value: rx.Var[Any], method: str, *values: Any) -> rx.Var[Any]:
    """Returns the result of a method of the value."""
    return call(as_object(value)[method], *values)
