"""What the desk sends to PostgreSQL for each request, seen on the wire's side of its driver."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from psycopg2.extensions import AsIs, cursor
from sqlalchemy import event
from starlette.testclient import TestClient

from bench.floor import (
    ANY_ID,
    CREATE_KEY,
    NEW_STATUS,
    NEXT_VERSION,
    OLD_STATUS,
    PREPARE_KEY,
    STATUS_KEY,
    VERSION,
)
from bench.load import BenchError
from bench.requests import CREATE, NEW_TICKET, STATUS, Request, reading
from bench.rows import with_driver
from ticket_app.api.app import make_api
from ticket_app.data.engine import get_direct_engine, get_engine, use_database

PINGS = {"SELECT 1"}
"""Sent when a connection of the pool was idle; no part of any request."""


PLACEHOLDERS = {"id": ANY_ID, "of_id": ANY_ID, "of_version": VERSION, "version": NEXT_VERSION}
"""What stands for a change's parameters of these names: they differ from ticket to ticket."""


class _Seen(NamedTuple):
    """What was sent, what was prepared before, and what stands in the former for parameters."""

    sent: list[str]
    prepared: set[str]
    placeholders: dict[str, str]

    def of_the_request(self) -> list[str]:
        """What was sent since the last time it was cleared."""
        return [statement for statement in self.sent if statement not in PINGS]


class _Recording(cursor):
    """A cursor that remembers what it sent."""

    seen: _Seen

    def execute(self, query: Any, variables: Any = None) -> None:
        super().execute(query, variables)
        if query.startswith("PREPARE"):
            self.seen.prepared.add(query)
            return
        if self.seen.placeholders:
            standing = {name: AsIs(stands) for name, stands in self.seen.placeholders.items()}
            variables = {
                name: standing.get(name, value) for name, value in (variables or {}).items()
            }
        self.seen.sent.append(self.mogrify(query, variables).decode())


def recorded(database_url: str, tickets: int, open_id: int) -> str:
    """The desk's statements for each request, as JSON for bench/floor.py.

    Each request is sent twice, and the second time counts: the first may fill a cache. Leaves two
    tickets more than there were, and `open_id` in progress.
    """
    statements: dict[str, list[str]] = {}
    with _recording(database_url) as (client, seen):
        for request in reading(tickets):
            for _ in range(2):
                seen.sent.clear()
                _require_success(client.get(request.path), request)
            statements[request.path] = seen.of_the_request()
        client.post(CREATE.path, json=NEW_TICKET)
        seen.sent.clear()
        _require_success(client.post(CREATE.path, json=NEW_TICKET), CREATE)
        statements[CREATE_KEY] = seen.of_the_request()
        seen.sent.clear()
        seen.placeholders.update(PLACEHOLDERS)
        changed = client.patch(f"{STATUS.path}{open_id}/", json={"status": "in_progress"})
        _require_success(changed, STATUS)
        statements[STATUS_KEY] = [
            statement.replace("in_progress", NEW_STATUS).replace("open", OLD_STATUS)
            for statement in seen.of_the_request()
        ]
        statements[PREPARE_KEY] = sorted(seen.prepared)
    return json.dumps(statements)


@contextmanager
def _recording(database_url: str) -> Iterator[tuple[TestClient, _Seen]]:
    """The desk's API in this process, and what it sends."""
    seen = _Seen([], set(), {})
    factory = type("Recording", (_Recording,), {"seen": seen})
    use_database(with_driver(database_url))

    def record(connection: Any, _: Any) -> None:
        connection.cursor_factory = factory

    try:
        for engine in (get_engine(), get_direct_engine()):
            event.listen(engine, "connect", record)
        with TestClient(make_api()) as client:
            yield client, seen
    finally:
        use_database(None)


def _require_success(answer: Any, request: Request) -> None:
    if not answer.is_success:
        raise BenchError(f"Nothing was recorded: {request.name} answers {answer.status_code}.")
