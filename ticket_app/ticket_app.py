"""Assembly: the pages, the REST API beside them, and what lives as long as the server."""

import os

import reflex as rx
from reflex.utils.exec import get_frontend_mount
from reflex.utils.prerequisites import get_web_dir
from starlette.applications import Starlette
from starlette.types import ASGIApp

from ticket_app.api.gateway import Site, gateway
from ticket_app.api.page_policy import page_policy
from ticket_app.settings import get_settings


def front_door(reflex: ASGIApp) -> ASGIApp:
    """Everything that comes over HTTP or a websocket passes here."""
    from ticket_app.api.app import api  # noqa: PLC0415  # compiling the pages needs no REST

    return gateway(reflex, api=api, site=compiled_site(), settings=get_settings())


def compiled_site() -> Site | None:
    """The compiled pages; none in development, where Vite serves them from memory."""
    if os.environ.get("REFLEX_ENV_MODE") != "prod":
        return None
    files = Starlette(routes=[get_frontend_mount(router=app.router)])
    return Site(files, page_policy(get_web_dir() / "build" / "client"))


def index() -> rx.Component:
    """A placeholder."""
    return rx.el.main(rx.el.h1("Support desk"))


app = rx.App(api_transformer=front_door)
app.add_page(index, route="/", title="Support desk")
