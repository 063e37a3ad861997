"""What keeps the drafts of a box: puts into its fields, a last save, and a choice of two texts."""

from collections.abc import Callable
from functools import partial
from typing import Any

import reflex as rx
from reflex.vars import FunctionVar
from reflex_components_core.core.window_events import WindowEventListener

from ticket_app.components.browser.browser_functions import as_object, call, function_of
from ticket_app.components.browser.field_values import value_of
from ticket_app.components.browser.words import words
from ticket_app.state.conversation.drafts.drafting import Drafting, Put
from ticket_app.vocabulary import MessageKind

BOX = "composer"
"""The id of the box, which names its ticket and its page for the last save."""
MOUNT = "draft-mount"
SAVE_MS, PAUSE_MS = 600, 400
"""While one types without a pause a text is saved so often, and so soon after the last key. A
server that is killed loses less than a second of keys."""
OVERTAKEN = "You have changed this text in another window. What is here is not saved."


class PageEnd(WindowEventListener):
    """Hears when the page is left, however that happens."""

    on_page_hide: rx.EventHandler[rx.event.no_args_event_spec]


def new_mount() -> rx.Var[str]:
    """Returns another text each time, and notes it in the box."""
    noted = {"value": call(rx.Var("performance.now")).to(float).to_string()}
    put = call(rx.Var("Object.assign"), _element(MOUNT), rx.Var.create(noted))
    return as_object(put)["value"].to(str)


def draft_fields(kind: str) -> rx.Component:
    """Returns the hidden fields beside that of a kind: its key and its draft's revision."""
    return rx.fragment(*(_hidden(f"{kind}-{part}") for part in ("key", "revision")))


def save(state: type[Drafting], ticket_id: rx.Var[int], kind: str, text: rx.Var[str]) -> Any:
    """Returns the event that saves a text, which is or will be that of the field."""
    key, revision = value_of(f"{kind}-key"), value_of(f"{kind}-revision")
    return state.write(ticket_id, kind, text, key, revision)


def saves(
    state: type[Drafting],
    ticket_id: rx.Var[int],
    kind: str,
    on_key: Callable[[rx.Var[str]], list[Any]],
) -> dict[str, Any]:
    """Returns the events of a field that save what is typed there. `on_key` are further ones."""

    def changed(text: rx.Var[str]) -> list[Any]:
        new = partial(save, state, ticket_id, kind)
        return [new(text).throttle(SAVE_MS), new(text).debounce(PAUSE_MS), *on_key(text)]

    return {
        "on_change": changed,
        "on_blur": partial(save, state, ticket_id, kind),
        "on_focus": state.look_again(ticket_id),
    }


def drafting(state: type[Drafting]) -> rx.Component:
    """Returns what puts drafts into the fields, and saves them when the page is left, if the State
    says so."""
    return rx.fragment(
        _hidden(MOUNT),
        *(
            rx.cond(
                state.puts.contains(kind),
                rx.fragment(
                    put_draft(field=kind, put=state.puts[kind]),
                    key=state.puts[kind].number.to_string(),
                ),
            )
            for kind in MessageKind
        ),
        *(
            [PageEnd.create(on_page_hide=[_save_at_the_end(kind) for kind in MessageKind])]
            if state.saves_at_end
            else []
        ),
    )


def choice(state: type[Drafting], ticket_id: rx.Var[int], kind: str) -> rx.Component:
    """Returns the choice between the text of this page and that of another."""
    text, key = value_of(f"{kind}-text"), value_of(f"{kind}-key")
    return rx.cond(
        state.behind.contains(kind),
        rx.el.div(
            rx.el.p(OVERTAKEN),
            rx.el.button(
                "Take the other text",
                type="button",
                on_click=state.take(ticket_id, kind, text),
                class_name="button low",
            ),
            rx.el.button(
                "Keep this text",
                type="button",
                on_click=state.keep_this(ticket_id, kind, text, key),
                class_name="button low",
            ),
            role="alert",
            class_name="overtaken",
        ),
    )


def unsaved(state: type[Drafting]) -> rx.Component:
    """Returns why a text is not saved, if it is not."""
    return rx.cond(state.unsaved, rx.el.p(words(state.unsaved, dir="auto"), role="status"))


@rx.memo
def put_draft(field: rx.Var[str], put: rx.Var[Put]) -> rx.Component:
    """Puts a draft into its field, unless that is in another box or was typed into. Draws
    nothing."""
    element = as_object(_element(field + "-text"))
    value = element["value"].to(str)
    begins = value.startswith(put.over)
    behind = rx.cond(begins, call(as_object(value)["slice"], put.over.length()), value).to(str)
    text = rx.cond(put.exact, put.text, put.text + behind)
    is_here = value_of(MOUNT) == put.mount
    is_wanted = is_here & (~put.exact | (value == put.over))
    set_all = [
        rx.cond(value == text, rx.Var("null"), _set(field + "-text", text)),
        _set(field + "-key", put.key),
        _set(field + "-revision", put.revision),
    ]
    act = function_of((), rx.cond(is_wanted, rx.Var.create(set_all), rx.Var("null")))
    return rx.el.span(on_mount=rx.call_function(act), hidden=True)


def _save_at_the_end(kind: str) -> Any:
    """Sends what the last moment has not saved. An event would come too late half of the time.

    The listener keeps the vars of its first time, so all comes from the page's elements.
    """
    box = as_object(as_object(_element(BOX))["dataset"])
    text, key = value_of(f"{kind}-text"), value_of(f"{kind}-key")
    revision = call(rx.Var("Number"), value_of(f"{kind}-revision"))
    draft = {"kind": kind, "body": text, "key": key, "writer": box["writer"]}
    body = call(rx.Var("JSON.stringify"), rx.Var.create(draft | {"revision": revision}))
    blob = call(
        rx.Var("Reflect.construct"),
        rx.Var("Blob"),
        rx.Var.create([[body], {"type": "application/json"}]),
    )
    address = rx.Var.create("/api/tickets/") + box["ticket"].to(str) + "/draft/"
    send = call(rx.Var("navigator.sendBeacon.bind(navigator)"), address, blob)
    is_begun = (value_of(f"{kind}-revision") != "") & (text.to(str) != "")
    is_draft = rx.cond(_element(f"{kind}-text"), is_begun & (box["writer"].to(str) != ""), False)
    return rx.call_function(function_of((), rx.cond(is_draft, send, rx.Var("null"))))


def _hidden(element_id: str) -> rx.Component:
    return rx.el.input(
        type="text",
        id=element_id,
        hidden=True,
        auto_complete="off",
        custom_attrs={"aria-label": "Kept by the desk"},
    )


def _set(element_id: str | rx.Var[str], value: rx.Var[str]) -> rx.Var[Any]:
    return call(rx.Var("Object.assign"), _element(element_id), rx.Var.create({"value": value}))


def _element(element_id: str | rx.Var[str]) -> rx.Var[Any]:
    return call(rx.Var("document.getElementById").to(FunctionVar), element_id)
