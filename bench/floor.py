"""The floor of each path: the desk's own statements, sent by bare psycopg2 behind bare FastAPI.

The time that the desk takes beyond this floor is spent in the desk's Python. The environment holds
FLOOR_STATEMENTS, the file written by bench/statements.py, and FLOOR_DATABASE_URL.
"""

import json
import os
import threading
from pathlib import Path
from typing import Any

import psycopg2
from fastapi import FastAPI, Request, Response
from psycopg2.extensions import connection

from bench.requests import LIST_PATH, OTHER_STATUS
from ticket_app.data.postgresql.engine import AUTOCOMMIT_SESSION, session_settings

ANY_ID = "<id>"
"""The placeholder in a statement for the id of its ticket."""
NEW_STATUS, OLD_STATUS = "<new>", "<old>"
VERSION, NEXT_VERSION = "<version>", "<next>"
CREATE_KEY, STATUS_KEY, PREPARE_KEY = "POST", "PATCH", "PREPARE"

app = FastAPI()
_of_this_thread = threading.local()
_statements: dict[str, list[str]] = {}


@app.get("/noop")
async def noop() -> Response:
    """Answers without a database, which measures the cost of HTTP alone."""
    return Response(b"{}", media_type="application/json")


@app.get(LIST_PATH)
@app.get(f"{LIST_PATH}stats/")
def read(request: Request) -> Response:
    """Runs the statements that the desk sends for this address."""
    query = f"?{request.url.query}" if request.url.query else ""
    rows: list[Any] = []
    with _connection().cursor() as cursor:
        for statement in _recorded_statements()[request.url.path + query]:
            cursor.execute(statement)
            rows = cursor.fetchall()
    return _answer(rows)


@app.post(LIST_PATH, status_code=201)
def create() -> Response:
    """Runs the statement that the desk sends for a new ticket."""
    (statement,) = _recorded_statements()[CREATE_KEY]
    with _connection().cursor() as cursor:
        cursor.execute(statement)
        return _answer(next(iter(cursor))[0])


@app.patch(f"{LIST_PATH}{{ticket_id}}/")
def change_status(ticket_id: int, change: dict[str, str]) -> Response:
    """Runs the statements that the desk sends for a change of a ticket's status."""
    new = change["status"]
    values = {ANY_ID: str(ticket_id), NEW_STATUS: new, OLD_STATUS: OTHER_STATUS[new]}
    find, write = _recorded_statements()[STATUS_KEY]
    with _connection().cursor() as cursor:
        cursor.execute(_with(values, find))
        version = json.loads(next(iter(cursor))[0])["version"]
        values |= {VERSION: str(version), NEXT_VERSION: str(version + 1)}
        cursor.execute(_with(values, write))
        return _answer(cursor.fetchall())


def _with(values: dict[str, str], statement: str) -> str:
    for placeholder, value in values.items():
        statement = statement.replace(placeholder, value)
    return statement


def _answer(content: Any) -> Response:
    return Response(json.dumps(content, default=str), media_type="application/json")


def _connection() -> connection:
    """Returns this thread's own connection, on which each statement is a transaction."""
    if not hasattr(_of_this_thread, "connection"):
        opened = psycopg2.connect(os.environ["FLOOR_DATABASE_URL"])
        opened.autocommit = True
        with opened.cursor() as cursor:
            cursor.execute("; ".join(session_settings(AUTOCOMMIT_SESSION)))
            for statement in _recorded_statements()[PREPARE_KEY]:
                cursor.execute(statement)
        _of_this_thread.connection = opened
    found: connection = _of_this_thread.connection
    return found


def _recorded_statements() -> dict[str, list[str]]:
    if not _statements:
        path = Path(os.environ["FLOOR_STATEMENTS"])
        _statements.update(json.loads(path.read_text(encoding="utf-8")))
    return _statements
