"""Assembly: the pages, the REST API beside them, and what lives as long as the server."""

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

from ticket_app.api.gateway import Gateway
from ticket_app.api.page_policy import page_policy
from ticket_app.api.site import Site
from ticket_app.bus import bus
from ticket_app.errors import TicketAppError
from ticket_app.live.keys import forgetting_keys
from ticket_app.live.learning import learning
from ticket_app.live.ledger import keeping_ledger
from ticket_app.live.page_store import PageStore
from ticket_app.live.redis_server import connect
from ticket_app.live.relay import connections, relaying
from ticket_app.live.worker import improving
from ticket_app.pages.board import board
from ticket_app.pages.desk import desk
from ticket_app.pages.insights import insights
from ticket_app.pages.missing import missing
from ticket_app.settings import get_settings
from ticket_app.state.acknowledging import Acknowledging
from ticket_app.state.actions import TicketActions
from ticket_app.state.board import Board
from ticket_app.state.detail import Detail
from ticket_app.state.door import Door
from ticket_app.state.figures import Figures
from ticket_app.state.insights import Insights
from ticket_app.state.kept import Arrivals, KeptStates
from ticket_app.state.live import presence
from ticket_app.state.notices import seldom, told_failure
from ticket_app.state.queue import Queue
from ticket_app.state.triage_report import Report
from ticket_app.theme import NAME, STYLESHEET
from ticket_app.triage.engine import warm_up
from ticket_app.triage.weights import shipped_weights

log = logging.getLogger(__name__)


class Desk(rx.App):
    """Reflex's application behind the desk's own gateway, with pages that outlive their process."""

    def _setup_state(self) -> None:
        super()._setup_state()
        if self.sio is None:
            return
        self._event_namespace = Door(get_config().get_event_namespace(), self)
        self.sio.register_namespace(self._event_namespace)
        if (url := get_settings().redis_url) is None:
            return
        store = PageStore(
            connect(url),
            version=get_web_dir().name,  # of compiled pages: the fingerprint of their sources
            seconds_kept=get_config().redis_token_expiration,
        )
        states = KeptStates(store=store, reached=connections)
        self._state_manager = states
        self._event_namespace._token_manager = Arrivals(states)  # noqa: SLF001  # no other way in

    def __call__(self) -> ASGIApp:
        """The whole desk as one ASGI application.

        The gateway stands before all that Reflex wraps around an application (CORS, its contexts,
        telemetry): the desk's rules come first, and a request that is not Reflex's need not pass.
        """
        from ticket_app.api.app import api  # noqa: PLC0415  # compiling the pages needs no REST

        reflex = super().__call__()
        shipped_weights()  # a tenth of a second, for which a first ticket would have to wait
        return Gateway(reflex, api=api, site=compiled_site(), settings=get_settings())


def compiled_site() -> Site | None:
    """The compiled pages; none in development, where Vite serves them from memory."""
    if os.environ.get("REFLEX_ENV_MODE") != "prod":
        return None
    files = Starlette(routes=[get_frontend_mount(router=app.router)])
    return Site(files, page_policy(get_web_dir() / "build" / "client"))


def tell_and_log(exception: Exception) -> EventSpec | None:
    """An event handler failed: the log gets the whole story, the person a sentence.

    Telling is an event, too. Where that is what failed, telling of it would never end: a client is
    told at most once a second.
    """
    if not isinstance(exception, TicketAppError):
        log.error("an event failed", exc_info=exception)
    if not seldom(EventContext.get().token):
        return None
    if isinstance(exception, TicketAppError):
        return told_failure(exception.detail)
    return told_failure("Something went wrong on the server, and its log says what. Try again.")


app = Desk(
    stylesheets=[STYLESHEET],
    reset_style=False,
    html_lang="en",
    head_components=[rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml")],
    toaster=None,
    # The pages say themselves when the connection is lost; Reflex's own signs would say it again.
    app_wraps={},
    backend_exception_handler=tell_and_log,
)
app.add_middleware(Acknowledging(TicketActions.delete, TicketActions.restore, Board.place))
presence.ask = lambda token: (
    app.event_namespace is not None and (token in app.event_namespace.token_to_sid)
)
app.register_lifespan_task(bus.running)
app.register_lifespan_task(relaying)
app.register_lifespan_task(keeping_ledger)  # ends after those that write into it
app.register_lifespan_task(improving)
app.register_lifespan_task(learning)
app.register_lifespan_task(forgetting_keys)
app.register_lifespan_task(warm_up)

app.add_page(
    desk,
    route="/",
    title=f"Desk · {NAME}",
    on_load=[Queue.load, Detail.load, Figures.load, Queue.watch, Figures.watch, Detail.watch],
)
app.add_page(board, route="/board", title=f"Board · {NAME}", on_load=[Board.load, Board.watch])
app.add_page(
    insights,
    route="/insights",
    title=f"Insights · {NAME}",
    on_load=[Insights.load, Insights.watch, Report.watch],
)
app.add_page(missing, route="404", title=f"Nothing here · {NAME}")
