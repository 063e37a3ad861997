"""The page of one ticket: its title, the conversation, and what follows from the address."""

import reflex as rx
from reflex.experimental.client_state import ClientStateVar
from reflex_components_core.react_router.dom import ReactRouterLink

from ticket_app.components.browser.focus import CONTENT, focus
from ticket_app.components.browser.in_view import InView
from ticket_app.components.browser.words import words
from ticket_app.components.conversation.company import TYPING_MS, company
from ticket_app.components.conversation.composer import composer, held
from ticket_app.components.conversation.conflicts import conflicts
from ticket_app.components.conversation.editing import (
    DESCRIPTION,
    TITLE,
    closing_of_editors,
    description_editor,
    edit_button,
    is_edited,
    title_editor,
)
from ticket_app.components.conversation.entries import NEWEST, description, entries, plain_text
from ticket_app.components.conversation.properties import opener, properties
from ticket_app.components.conversation.scroll import leave_the_top, scroll_to
from ticket_app.components.frame import icon
from ticket_app.components.placeholders import problem, skeleton
from ticket_app.components.tickets.detail import marked, page_of
from ticket_app.state.conversation.beside import Beside
from ticket_app.state.conversation.company import Company
from ticket_app.state.conversation.composer import Composer
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.evidence import Part
from ticket_app.vocabulary import Status

SAID = "conversation"
"""The id of the part that scrolls."""
_sees_end = ClientStateVar.create("seesEndOfConversation", default=True)


def ticket() -> rx.Component:
    """Returns the ticket of the address, or one sentence if there is none."""
    return rx.fragment(
        _sees_end,
        closing_of_editors(),
        rx.cond(
            Conversation.missing,
            _missing(),
            rx.cond(Conversation.ticket.id, _ticket(), _not_yet()),
        ),
    )


def _ticket() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            problem(Conversation.problem, Conversation.retry),
            rx.cond(Conversation.gone, _gone()),
            rx.el.div(
                rx.cond(is_edited(TITLE), title_editor(), _title()),
                _neighbour("Previous ticket of the list", "chevron-up", Beside.previous),
                _neighbour("Next ticket of the list", "chevron-down", Beside.following),
                class_name="ticket-title",
            ),
            company(),
            conflicts(),
            opener(),
            rx.cond(
                Conversation.before > 0,
                ReactRouterLink.create(
                    icon("arrow-down", 14),
                    rx.el.span("Back to the newest messages"),
                    to=page_of(Conversation.ticket.id),
                    class_name="button bare back",
                ),
            ),
            class_name="ticket-head",
        ),
        _conversation(),
        rx.cond(
            (Conversation.before > 0) | Conversation.gone,
            rx.fragment(),
            composer(
                Composer,
                Conversation.ticket.id,
                may_resolve=_is_unsettled(),
                seen=Conversation.seen,
                on_key=Company.write(Conversation.ticket.id).throttle(TYPING_MS),
            ),
        ),
        properties(),
        class_name="ticket-page",
    )


def _title() -> rx.Component:
    return rx.fragment(
        rx.el.h2(_marked(Beside.facts.title, Conversation.ticket.title), dir="auto"),
        edit_button(TITLE),
    )


def _marked(parts: rx.Var[list[Part]], text: rx.Var[str]) -> rx.Component:
    """Returns a text of the ticket. It has its marks as soon as what is beside it is read."""
    return rx.cond(Beside.number == Conversation.ticket.id, marked(parts), words(text))


def _neighbour(label: str, picture: str, number: rx.Var[int]) -> rx.Component:
    """Returns the link to a neighbour in the list from which the reader came, if there is one."""
    return rx.cond(
        number > 0,
        ReactRouterLink.create(
            icon(picture),
            to=page_of(number),
            title=label,
            class_name="button bare icon-only",
            custom_attrs={"aria-label": label},
        ),
    )


def _is_unsettled() -> rx.Var[bool]:
    status = Conversation.ticket.status
    return (status == Status.OPEN.value) | (status == Status.IN_PROGRESS.value)


def _conversation() -> rx.Component:
    """Returns the part that scrolls. It begins at the newest message, and stays where it is read
    when others come."""
    place = Conversation.ticket.id.to_string() + "." + Conversation.before.to_string()
    return rx.el.section(
        rx.el.h3("Conversation", class_name="unseen"),
        rx.el.ol(
            description(
                rx.cond(
                    is_edited(DESCRIPTION),
                    description_editor(),
                    plain_text(_marked(Beside.facts.description, Conversation.description)),
                ),
                Conversation.ticket.requester,
                Conversation.ticket.filed_at,
                rx.cond(is_edited(DESCRIPTION), rx.fragment(), edit_button(DESCRIPTION)),
            ),
            _older(),
            entries(Conversation),
            held(Conversation, Composer.undo),
        ),
        _end(),
        rx.fragment(on_mount=scroll_to(NEWEST), key=place),
        id=SAID,
        key=place,
        tab_index=0,
        class_name="ticket-said",
        custom_attrs={"aria-label": "Conversation"},
    )


def _older() -> rx.Component:
    """Returns the way to older messages. Nobody reads on from here, so it is no anchor of the
    scrolling: what is below it stays when they come."""
    return rx.fragment(
        rx.cond(
            Conversation.has_older,
            rx.el.li(
                rx.el.button(
                    icon("arrow-up", 14),
                    rx.el.span("Earlier messages"),
                    type="button",
                    on_click=[leave_the_top(SAID), Conversation.load_older(Conversation.oldest)],
                    class_name="button bare",
                ),
                class_name="older",
            ),
        ),
        rx.cond(
            Conversation.older_at,
            rx.el.li(
                ReactRouterLink.create(
                    icon("arrow-up", 14),
                    rx.el.span("Earlier messages, on a page of their own"),
                    to=Conversation.older_at,
                    class_name="button bare",
                ),
                class_name="older",
            ),
        ),
    )


def _end() -> rx.Component:
    """Returns the end of the conversation, which notes that it is seen, and a button that leads to
    what has come below."""
    return rx.fragment(
        InView.create(
            rx.el.span(class_name="unseen"),
            on_change=lambda visible: [
                rx.call_function(_sees_end.set_value(visible)),
                rx.cond(visible & (Conversation.arrived > 0), Conversation.see, rx.noop()),
            ],
            key=Conversation.newest.length(),
        ),
        rx.cond(
            (Conversation.arrived > 0) & ~_sees_end.value,
            rx.el.div(
                rx.el.button(
                    icon("arrow-down", 14),
                    words(Conversation.arrived.to_string() + " new"),
                    type="button",
                    on_click=[focus(SAID), scroll_to(NEWEST), Conversation.see],
                    class_name="chip",
                ),
                class_name="arrived",
            ),
        ),
    )


def _gone() -> rx.Component:
    return rx.el.div(
        rx.el.p("This ticket was deleted."),
        rx.el.button(
            "Restore it",
            type="button",
            on_click=[focus(CONTENT), TicketActions.restore(Conversation.ticket.id)],
            class_name="button low",
        ),
        role="status",
        class_name="problem-box",
    )


def _missing() -> rx.Component:
    return rx.el.div(
        rx.el.p("There is no ticket at this address. It never was, or it was deleted."),
        ReactRouterLink.create("Go to the desk", to="/", class_name="button main-action"),
        class_name="card empty",
    )


def _not_yet() -> rx.Component:
    return rx.fragment(
        problem(Conversation.problem, Conversation.retry),
        rx.el.div(skeleton(4, "ghost-row"), class_name="card"),
    )
