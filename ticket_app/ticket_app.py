"""Assembly: the pages, the REST API beside them, and the tasks that run as long as the server."""

import logging
import os

import reflex as rx
from reflex.event import EventSpec
from reflex.utils.exec import get_frontend_mount
from reflex.utils.prerequisites import get_web_dir
from reflex_base.config import get_config
from reflex_base.event.context import EventContext
from starlette.applications import Starlette
from starlette.types import ASGIApp

from ticket_app.api.gateway.admission import (
    SET_UP_FACTOR,
    TICKET,
    PageAdmission,
    PrivatePages,
    compiled_pages,
)
from ticket_app.api.gateway.app import Gateway
from ticket_app.api.gateway.page_policy import page_policy
from ticket_app.api.gateway.static_pages import StaticPages
from ticket_app.bus import bus
from ticket_app.errors import TicketAppError
from ticket_app.live.attending import attending
from ticket_app.live.followers import following
from ticket_app.live.housekeeping import (
    cleaning_attachments,
    expiring_drafts,
    expiring_keys,
    expiring_sign_ins,
    handing_on_tickets,
    linking_requesters,
    recording_uses,
    releasing_messages,
    removing_notifications,
    telling_of_erasings,
)
from ticket_app.live.learning import learning
from ticket_app.live.ledger import flushing_ledger
from ticket_app.live.page_store import PageStore
from ticket_app.live.redis_server import connect
from ticket_app.live.relay import connections, relaying
from ticket_app.live.worker import improving
from ticket_app.pages.board import board
from ticket_app.pages.desk import desk
from ticket_app.pages.insights import insights
from ticket_app.pages.missing import missing
from ticket_app.pages.my import my
from ticket_app.pages.new import new
from ticket_app.pages.notifications import notifications
from ticket_app.pages.people.account import account
from ticket_app.pages.people.audit import audit
from ticket_app.pages.people.people import people
from ticket_app.pages.people.second_factor import second_factor
from ticket_app.pages.people.sign_in import sign_in
from ticket_app.pages.people.sign_in_code import sign_in_code
from ticket_app.pages.people.welcome import welcome
from ticket_app.pages.request import request
from ticket_app.pages.ticket import ticket
from ticket_app.settings import get_settings
from ticket_app.state.connection.acknowledging import Acknowledging
from ticket_app.state.connection.ending import ending_sessions
from ticket_app.state.connection.event_namespace import CheckedEventNamespace
from ticket_app.state.connection.guard import Guard
from ticket_app.state.connection.replicated_state import (
    ReplicatedStateManager,
    TakeoverTokenManager,
)
from ticket_app.state.connection.subscription import clients
from ticket_app.state.conversation.beside import Beside
from ticket_app.state.conversation.company import Company
from ticket_app.state.conversation.composer import Composer
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.drafts.own_drafts import OwnDrafts
from ticket_app.state.conversation.mentions import Mentions
from ticket_app.state.conversation.participants import Participants
from ticket_app.state.figures.answers import Answers
from ticket_app.state.figures.figures import Figures
from ticket_app.state.figures.insights import Insights
from ticket_app.state.figures.triage_report import Report
from ticket_app.state.notices import failure_notice, may_notify_failure
from ticket_app.state.notifications.notifications import ROUTE as NOTIFICATIONS
from ticket_app.state.notifications.notifications import Notifications
from ticket_app.state.notifications.unread import Unread
from ticket_app.state.people.account import Account
from ticket_app.state.people.audit import Audit
from ticket_app.state.people.me import Me
from ticket_app.state.people.people import People
from ticket_app.state.people.second_factor import SecondFactor
from ticket_app.state.people.signing_in import SigningIn, Welcome
from ticket_app.state.people.single_sign_on import SingleSignOn
from ticket_app.state.people.tokens import Tokens
from ticket_app.state.portal.linked_ticket import LinkedTicket
from ticket_app.state.portal.own_tickets import OwnTickets
from ticket_app.state.tickets.actions import TicketActions
from ticket_app.state.tickets.board import Board
from ticket_app.state.tickets.detail import Detail
from ticket_app.state.tickets.queue import Queue
from ticket_app.theme import NAME, STYLESHEET
from ticket_app.triage.engine import warm_up
from ticket_app.triage.weights import shipped_weights

log = logging.getLogger(__name__)

PRIVATE_PAGES = PrivatePages()

UNLISTED = [{"name": "robots", "content": "noindex"}]
"""What a page says to search engines whose addresses are for one person."""


class Desk(rx.App):
    """Reflex's application behind the desk's own gateway. Its pages survive a lost process."""

    def _setup_state(self) -> None:
        super()._setup_state()
        if self.sio is None:
            return
        self._event_namespace = CheckedEventNamespace(
            get_config().get_event_namespace(),
            self,
            private_pages=PRIVATE_PAGES,
            set_up_page=SET_UP_FACTOR,
        )
        self.sio.register_namespace(self._event_namespace)
        if (url := get_settings().redis_url) is None:
            return
        store = PageStore(
            connect(url),
            version=get_web_dir().name,  # the fingerprint of the compiled pages' sources
            seconds_kept=get_config().redis_token_expiration,
        )
        states = ReplicatedStateManager(store=store, reached=connections)
        self._state_manager = states
        self._event_namespace._token_manager = TakeoverTokenManager(states)  # noqa: SLF001  # no other way in

    def __call__(self) -> ASGIApp:
        """Returns the whole desk as one ASGI application.

        The gateway stands outside everything that Reflex wraps around an application (CORS, its
        contexts, telemetry). So the desk's rules come first, and REST requests skip Reflex.
        """
        from ticket_app.api.app import api  # noqa: PLC0415  # compiling the pages needs no REST

        reflex = super().__call__()
        shipped_weights()  # takes 0.1 s, which the first ticket would otherwise wait for
        return Gateway(reflex, api=api, site=compiled_site(), settings=get_settings())


def compiled_site() -> ASGIApp | None:
    """Returns the compiled pages behind their admission.

    None in development, where Vite serves them from memory.
    """
    if os.environ.get("REFLEX_ENV_MODE") != "prod":
        return None
    files = Starlette(routes=[get_frontend_mount(router=app.router)])
    client = get_web_dir() / "build" / "client"
    return PageAdmission(StaticPages(files, page_policy(client)), compiled_pages(client))


def log_and_notify(exception: Exception) -> EventSpec | None:
    """Logs the failure of an event handler and shows the person a sentence.

    The notice is an event too, and its failure would cause another notice without end. So a client
    gets at most one notice a second.
    """
    if not isinstance(exception, TicketAppError):
        log.error("an event handler failed", exc_info=exception)
    if not may_notify_failure(EventContext.get().token):
        return None
    if isinstance(exception, TicketAppError):
        return failure_notice(exception.detail)
    return failure_notice("Something went wrong on the server, and its log says what. Try again.")


app = Desk(
    stylesheets=[STYLESHEET],
    reset_style=False,
    html_lang="en",
    head_components=[rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml")],
    toaster=None,
    # The pages show a lost connection themselves. Reflex's own signs would repeat it.
    app_wraps={},
    backend_exception_handler=log_and_notify,
)
app.add_middleware(Acknowledging(TicketActions.delete, TicketActions.restore, Board.place))
app.add_middleware(Guard())  # after that one: what is refused is acknowledged, too
clients.is_connected = lambda token: (
    app.event_namespace is not None and (token in app.event_namespace.token_to_sid)
)
app.register_lifespan_task(bus.running)
app.register_lifespan_task(ending_sessions, namespace=lambda: app.event_namespace)
app.register_lifespan_task(relaying)
app.register_lifespan_task(
    attending,
    answers=lambda token: app.event_namespace is not None and app.event_namespace.answers(token),
)
app.register_lifespan_task(flushing_ledger)  # stops after the tasks that write into the ledger
app.register_lifespan_task(improving)
app.register_lifespan_task(learning)
app.register_lifespan_task(expiring_drafts)
app.register_lifespan_task(expiring_keys)
app.register_lifespan_task(expiring_sign_ins)
app.register_lifespan_task(linking_requesters)
app.register_lifespan_task(handing_on_tickets)
app.register_lifespan_task(recording_uses)
app.register_lifespan_task(telling_of_erasings)
app.register_lifespan_task(cleaning_attachments)
app.register_lifespan_task(releasing_messages)
app.register_lifespan_task(removing_notifications)
app.register_lifespan_task(following)
app.register_lifespan_task(warm_up)


def titled(title: str | rx.Var[str]) -> rx.Var[str]:
    """Returns the title of a tab, after the number of unread notifications if there are any."""
    return Unread.in_title + rx.Var.create(title).to(str)


app.add_page(
    desk,
    route="/",
    title=titled(f"Desk · {NAME}"),
    on_load=[
        *(Queue.load, Detail.load, Figures.load),
        *(Queue.watch, Figures.watch, Detail.watch, Unread.watch, OwnDrafts.watch),
    ],
)
app.add_page(
    board,
    route="/board",
    title=titled(f"Board · {NAME}"),
    on_load=[Board.load, Board.watch, Unread.watch],
)
app.add_page(
    ticket,
    route=TICKET,
    title=titled(Conversation.tab_title),
    on_load=[
        *(Conversation.load, Beside.load, Participants.meet, Mentions.load, Unread.open_ticket),
        *(Conversation.watch, Beside.watch, Company.watch, Unread.watch, Composer.watch),
    ],
)
app.add_page(
    insights,
    route="/insights",
    title=titled(f"Insights · {NAME}"),
    on_load=[Insights.load, Insights.watch, Answers.watch, Report.watch, Unread.watch],
)
app.add_page(
    sign_in,
    route="/sign-in",
    title=f"Sign in · {NAME}",
    on_load=[SigningIn.load, SingleSignOn.load],
)
app.add_page(
    sign_in_code,
    route="/sign-in/code",
    title=f"Code · {NAME}",
    on_load=SigningIn.load_code,
)
app.add_page(
    second_factor,
    route="/second-factor",
    title=f"Second factor · {NAME}",
    on_load=SecondFactor.load,
)
app.add_page(welcome, route="/welcome", title=f"Choose a password · {NAME}", on_load=Welcome.load)
app.add_page(new, route="/new", title=f"New ticket · {NAME}", on_load=[Me.load])
app.add_page(
    request,
    route="/request",
    title=f"Your ticket · {NAME}",
    meta=UNLISTED,
    on_load=[LinkedTicket.load, LinkedTicket.watch],
)
app.add_page(
    my,
    route="/my",
    title=titled(f"Your tickets · {NAME}"),
    meta=UNLISTED,
    on_load=[Me.load, OwnTickets.load, OwnTickets.watch, Unread.watch],
)
app.add_page(
    account,
    route="/account",
    title=titled(f"Your account · {NAME}"),
    on_load=[Me.load, Account.load, SecondFactor.load, Tokens.load, Unread.watch],
)
app.add_page(
    people,
    route="/people",
    title=titled(f"People · {NAME}"),
    on_load=[People.load, Unread.watch],
)
app.add_page(
    audit, route="/audit", title=titled(f"Audit · {NAME}"), on_load=[Audit.load, Unread.watch]
)
app.add_page(
    notifications,
    route=NOTIFICATIONS,
    title=titled(f"Notifications · {NAME}"),
    on_load=[Notifications.load, Notifications.watch, Unread.watch],
)
app.add_page(missing, route="404", title=f"Nothing here · {NAME}")
