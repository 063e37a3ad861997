"""Records the statements that the desk sends to PostgreSQL for each request."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from psycopg2.extensions import cursor
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
from harness.filling import with_driver
from ticket_app.api.app import make_api
from ticket_app.data.engine import get_autocommit_engine, get_engine, use_database

PINGS = {"SELECT 1"}
"""Pings of idle connections by the pool; they belong to no request."""


CHANGING = {
    r"ARRAY\[\d+\]": f"ARRAY[{ANY_ID}]",
    r'"of_id":\d+': f'"of_id":{ANY_ID}',
    r'"of_version":\d+': f'"of_version":{VERSION}',
    r'"new_version":\d+': f'"new_version":{NEXT_VERSION}',
    "in_progress": NEW_STATUS,
    "open": OLD_STATUS,
}
"""What differs in the statements of a change by ticket, and the placeholders for it."""


class _Recorded(NamedTuple):
    """Statements sent, and statements prepared before."""

    sent: list[str]
    prepared: set[str]

    def of_request(self) -> list[str]:
        """Returns the statements sent since `sent` was last cleared, without pings."""
        return [statement for statement in self.sent if statement not in PINGS]


class _Recording(cursor):
    """A cursor that records the statements that it sends."""

    recorded: _Recorded

    def execute(self, query: Any, variables: Any = None) -> None:
        super().execute(query, variables)
        if query.startswith("PREPARE"):
            self.recorded.prepared.add(query)
            return
        self.recorded.sent.append(self.mogrify(query, variables).decode())


def record_statements(database_url: str, tickets: int, open_id: int) -> str:
    """Returns the desk's statements for each request, as JSON for bench/floor.py.

    Each request is sent twice and recorded the second time, because the first may fill a cache. Two
    new tickets stay in the database, and `open_id` is in progress afterwards.
    """
    statements: dict[str, list[str]] = {}
    with _recording(database_url) as (client, recorded):
        for request in reading(tickets):
            for _ in range(2):
                recorded.sent.clear()
                _require_success(client.get(request.path), request)
            statements[request.path] = recorded.of_request()
        client.post(CREATE.path, json=NEW_TICKET)
        recorded.sent.clear()
        _require_success(client.post(CREATE.path, json=NEW_TICKET), CREATE)
        statements[CREATE_KEY] = recorded.of_request()
        recorded.sent.clear()
        changed = client.patch(f"{STATUS.path}{open_id}/", json={"status": "in_progress"})
        _require_success(changed, STATUS)
        statements[STATUS_KEY] = [_of_any_ticket(each) for each in recorded.of_request()]
        statements[PREPARE_KEY] = sorted(recorded.prepared)
    return json.dumps(statements)


def _of_any_ticket(statement: str) -> str:
    for pattern, placeholder in CHANGING.items():
        statement = re.sub(pattern, placeholder, statement)
    return statement


@contextmanager
def _recording(database_url: str) -> Iterator[tuple[TestClient, _Recorded]]:
    """Yields a client of the desk's API in this process, and the record of its statements."""
    recorded = _Recorded([], set())
    factory = type("Recording", (_Recording,), {"recorded": recorded})
    use_database(with_driver(database_url))

    def record(connection: Any, _: Any) -> None:
        connection.cursor_factory = factory

    try:
        for engine in (get_engine(), get_autocommit_engine()):
            event.listen(engine, "connect", record)
        with TestClient(make_api()) as client:
            yield client, recorded
    finally:
        use_database(None)


def _require_success(answer: Any, request: Request) -> None:
    if not answer.is_success:
        raise BenchError(f"Nothing was recorded: {request.name} answers {answer.status_code}.")
