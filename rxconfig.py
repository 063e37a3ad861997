"""Reflex's configuration. Every variable comes from ticket_app/settings.py."""

import reflex as rx
from reflex_base.constants import PackageJson, StateManagerMode

from ticket_app.settings import get_settings

settings = get_settings()

# Reflex would have Vite listen on every address of the machine while one develops.
PackageJson.Commands.DEV = "react-router dev --host 127.0.0.1"

config = rx.Config(
    app_name="ticket_app",
    backend_host=settings.host,
    backend_port=settings.port,
    # The default, "*", answers any site with credentials. Reflex reads an empty list as "no check
    # on the websocket", so the gateway checks every Origin itself.
    cors_allowed_origins=[],
    # One process serves all, and the state of a page is worth no more than the page.
    state_manager_mode=StateManagerMode.MEMORY,
    # Seconds, here as in Redis. An open page is looked after every minute; one that has left may
    # come back for so long and finds what it chose.
    redis_token_expiration=600,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    disable_plugins=[rx.plugins.SitemapPlugin],
    frontend_compression_formats=["brotli", "gzip"],
)
