"""Closes the desk of a benchmark, and sends as somebody who has signed in and by an API token."""

import time
from collections.abc import Mapping
from typing import NamedTuple

import httpx2

from bench.growth import using
from bench.load import BenchError
from bench.requests import LIST_PATH
from harness.accounts import administrator, session_token
from ticket_app.actor import by_command
from ticket_app.schemas.people import TokenCreate
from ticket_app.services.people.api_tokens.issuing import make_token_for
from ticket_app.services.people.tokens import COOKIE
from ticket_app.vocabulary import TokenScope

SECONDS_TO_CLOSE = 30
REFUSALS_WANTED = 20
"""Refusals in a row after which every worker process of the desk has noticed that it is closed."""


class Sender(NamedTuple):
    """Who sends the requests of a run, and the headers that say so."""

    name: str
    headers: Mapping[str, str]


ANYONE = Sender("desk", {})


def closed_for(database_url: str, url: str) -> tuple[Sender, Sender]:
    """Give the desk its first account; returns a session and an API token of it.

    Raises BenchError if the desk does not close.
    """
    with using(database_url):
        person = administrator()
        session = session_token(person)
        new = TokenCreate(name="benchmark", scope=TokenScope.WRITE)
        token = make_token_for(by_command(), person, new).token
    _wait_until_closed(url)
    return (
        Sender("session", {"Cookie": f"{COOKIE}={session}", "Origin": url}),
        Sender("token", {"Authorization": f"Bearer {token}"}),
    )


def _wait_until_closed(url: str) -> None:
    deadline, refusals = time.monotonic() + SECONDS_TO_CLOSE, 0
    while refusals < REFUSALS_WANTED:
        if time.monotonic() > deadline:
            raise BenchError(f"The desk did not close in {SECONDS_TO_CLOSE} s.")
        # A connection for each request, so that every process gets some of them.
        answer = httpx2.get(url + LIST_PATH, headers={"Connection": "close"}, timeout=30)
        refusals = refusals + 1 if answer.status_code == 401 else 0
        time.sleep(0.05)
