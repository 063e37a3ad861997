"""Fixtures for the REST API over a fresh database."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.services.conftest import providing
from ticket_app.api.app import make_api

__all__ = ["client", "providing"]


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    """A client of the API on each database; as on a server, an unexpected error becomes a 500."""
    with TestClient(make_api(), raise_server_exceptions=False) as client:
        yield client
