"""The client of a form: its address, and what its browser calls itself."""

from starlette.types import Scope

from ticket_app.api.limits.client_address import client_address
from ticket_app.services.people.signing_in.client import Client
from ticket_app.settings import get_settings


def client_of(scope: Scope) -> Client:
    """Return the client of a request, also behind trusted proxies."""
    said = [value for name, value in scope["headers"] if name == b"user-agent"]
    address = client_address(scope, get_settings().trusted_proxies)
    return Client(address, b" ".join(said).decode("latin-1"))
