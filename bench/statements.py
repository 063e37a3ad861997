"""What the desk sends to PostgreSQL for each request, seen on the wire's side of its driver."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import cursor
from sqlalchemy import event
from starlette.testclient import TestClient

from bench.floor import ANY_ID, CREATE_KEY, NEW_STATUS, OLD_STATUS, STATUS_KEY
from bench.load import BenchError
from bench.requests import CREATE, NEW_TICKET, STATUS, Request, reading
from bench.rows import with_driver
from ticket_app.api.app import make_api
from ticket_app.data.engine import get_direct_engine, get_engine, use_database

PINGS = {"SELECT 1"}
"""Sent whenever a connection is taken from the pool; no part of any request."""


class _Recording(cursor):
    """A cursor that remembers what it sent."""

    sent: list[str]

    def execute(self, query: Any, variables: Any = None) -> None:
        super().execute(query, variables)
        self.sent.append((self.query or b"").decode())

    def executemany(self, query: Any, variables: Any) -> None:
        for each in variables:
            self.execute(query, each)


def recorded(database_url: str, tickets: int, open_id: int) -> str:
    """The desk's statements for each request, as JSON for bench/floor.py.

    Each request is sent twice, and the second time counts: the first may fill a cache. Leaves two
    tickets more than there were, and `open_id` in progress.
    """
    statements: dict[str, list[str]] = {}
    with _recording(database_url) as (client, sent):
        for request in reading(tickets):
            for _ in range(2):
                sent.clear()
                _require_success(client.get(request.path), request)
            statements[request.path] = _of_the_request(sent)
        client.post(CREATE.path, json=NEW_TICKET)
        sent.clear()
        made = client.post(CREATE.path, json=NEW_TICKET)
        _require_success(made, CREATE)
        statements[CREATE_KEY] = _for_any(made.json()["id"], _of_the_request(sent))
        sent.clear()
        changed = client.patch(f"{STATUS.path}{open_id}/", json={"status": "in_progress"})
        _require_success(changed, STATUS)
        statements[STATUS_KEY] = [
            statement.replace("'in_progress'", f"'{NEW_STATUS}'").replace(
                "'open'", f"'{OLD_STATUS}'"
            )
            for statement in _for_any(open_id, _of_the_request(sent))
        ]
    return json.dumps(statements)


@contextmanager
def _recording(database_url: str) -> Iterator[tuple[TestClient, list[str]]]:
    """The desk's API in this process, and the list that its statements go to."""
    sent: list[str] = []
    factory = type("Recording", (_Recording,), {"sent": sent})
    use_database(with_driver(database_url))

    def record(connection: Any, _: Any) -> None:
        connection.cursor_factory = factory

    try:
        for engine in (get_engine(), get_direct_engine()):
            event.listen(engine, "connect", record)
        with TestClient(make_api()) as client:
            yield client, sent
    finally:
        use_database(None)


def _of_the_request(sent: Sequence[str]) -> list[str]:
    return [statement for statement in sent if statement not in PINGS]


def _for_any(ticket_id: int, statements: Sequence[str]) -> list[str]:
    """The same for whichever ticket: its number becomes ANY_ID."""
    number = re.compile(rf"\b{ticket_id}\b")
    return [number.sub(ANY_ID, statement) for statement in statements]


def _require_success(answer: Any, request: Request) -> None:
    if not answer.is_success:
        raise BenchError(f"Nothing was recorded: {request.name} answers {answer.status_code}.")
