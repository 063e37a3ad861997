"""Reflex's configuration. Every variable comes from ticket_app/settings.py."""

import reflex as rx
from reflex_base.constants import PackageJson, StateManagerMode

from ticket_app.settings import get_settings

settings = get_settings()

# By default Reflex lets Vite listen on every address of the machine in development.
PackageJson.Commands.DEV = "react-router dev --host 127.0.0.1"

config = rx.Config(
    app_name="ticket_app",
    backend_host=settings.host,
    backend_port=settings.port,
    # The default, "*", allows credentials from any site. With an empty list Reflex does not check
    # the websocket, so the gateway checks every Origin itself.
    cors_allowed_origins=[],
    # The memory of a process holds its pages; state/connection/replicated_state.py copies them.
    state_manager_mode=StateManagerMode.MEMORY,
    # Seconds, in memory and in Redis. A disconnected page that returns within this time finds its
    # state. Open pages are refreshed every minute.
    redis_token_expiration=600,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    disable_plugins=[rx.plugins.SitemapPlugin],
    frontend_compression_formats=["brotli", "gzip"],
)
