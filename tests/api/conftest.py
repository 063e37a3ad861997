"""A client of the REST API over a fresh database."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from ticket_app.api.app import make_api


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    """The API on both engines; a mistake of ours is answered as 500, as the server would."""
    with TestClient(make_api(), raise_server_exceptions=False) as client:
        yield client
