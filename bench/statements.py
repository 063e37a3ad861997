"""What the desk sends to PostgreSQL for each request, seen on the wire's side of its driver."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import AsIs, cursor
from sqlalchemy import event
from starlette.testclient import TestClient

from bench.floor import (
    ANY_ID,
    CREATE_KEY,
    NEW_STATUS,
    NEXT_VERSION,
    OLD_STATUS,
    STATUS_KEY,
    VERSION,
)
from bench.load import BenchError
from bench.requests import CREATE, NEW_TICKET, STATUS, Request, reading
from bench.rows import with_driver
from ticket_app.api.app import make_api
from ticket_app.data.engine import get_direct_engine, get_engine, use_database

PINGS = {"SELECT 1"}
"""Sent whenever a connection is taken from the pool; no part of any request."""


PLACEHOLDERS = {"id": ANY_ID, "of_id": ANY_ID, "of_version": VERSION, "version": NEXT_VERSION}
"""What stands for a change's parameters of these names: they differ from ticket to ticket."""


class _Recording(cursor):
    """A cursor that remembers what it sent."""

    sent: list[str]
    placeholders: dict[str, str]

    def execute(self, query: Any, variables: Any = None) -> None:
        super().execute(query, variables)
        if self.placeholders:
            standing = {name: AsIs(stands) for name, stands in self.placeholders.items()}
            variables = {
                name: standing.get(name, value) for name, value in (variables or {}).items()
            }
        self.sent.append(self.mogrify(query, variables).decode())


def recorded(database_url: str, tickets: int, open_id: int) -> str:
    """The desk's statements for each request, as JSON for bench/floor.py.

    Each request is sent twice, and the second time counts: the first may fill a cache. Leaves two
    tickets more than there were, and `open_id` in progress.
    """
    statements: dict[str, list[str]] = {}
    with _recording(database_url) as (client, sent, placeholders):
        for request in reading(tickets):
            for _ in range(2):
                sent.clear()
                _require_success(client.get(request.path), request)
            statements[request.path] = _of_the_request(sent)
        client.post(CREATE.path, json=NEW_TICKET)
        sent.clear()
        _require_success(client.post(CREATE.path, json=NEW_TICKET), CREATE)
        statements[CREATE_KEY] = _of_the_request(sent)
        sent.clear()
        placeholders.update(PLACEHOLDERS)
        changed = client.patch(f"{STATUS.path}{open_id}/", json={"status": "in_progress"})
        _require_success(changed, STATUS)
        statements[STATUS_KEY] = [
            statement.replace("in_progress", NEW_STATUS).replace("open", OLD_STATUS)
            for statement in _of_the_request(sent)
        ]
    return json.dumps(statements)


@contextmanager
def _recording(database_url: str) -> Iterator[tuple[TestClient, list[str], dict[str, str]]]:
    """The desk's API in this process, the list that its statements go to, and what stands in them
    for parameters."""
    sent: list[str] = []
    placeholders: dict[str, str] = {}
    factory = type("Recording", (_Recording,), {"sent": sent, "placeholders": placeholders})
    use_database(with_driver(database_url))

    def record(connection: Any, _: Any) -> None:
        connection.cursor_factory = factory

    try:
        for engine in (get_engine(), get_direct_engine()):
            event.listen(engine, "connect", record)
        with TestClient(make_api()) as client:
            yield client, sent, placeholders
    finally:
        use_database(None)


def _of_the_request(sent: Sequence[str]) -> list[str]:
    return [statement for statement in sent if statement not in PINGS]


def _require_success(answer: Any, request: Request) -> None:
    if not answer.is_success:
        raise BenchError(f"Nothing was recorded: {request.name} answers {answer.status_code}.")
