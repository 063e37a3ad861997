"""A desk with accounts, and clients of its REST API who hold sessions."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from harness.accounts import ADMINISTRATOR, account, administrator, session_token
from ticket_app.actor import by_command
from ticket_app.api.app import make_api
from ticket_app.data.engine import use_database, write_transaction
from ticket_app.data.people.tables import PersonSession
from ticket_app.services.people import identity
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.people.signing_in.code_step import add_step
from ticket_app.services.people.tokens import COOKIE, digest
from ticket_app.vocabulary import Role

ORIGIN = "http://localhost"
OWN_PAGE = {"origin": ORIGIN}
"""The proof that a page of the desk has sent a request."""


class Team(NamedTuple):
    """The tokens of sessions: of each role, of one that has expired, of a person deactivated; and
    of an administrator's sign-in that waits for a code."""

    requester: str
    agent: str
    administrator: str
    expired: str
    inactive: str
    waiting: str


class Kept(NamedTuple):
    """A file of a SQLite desk with its team, which the first test makes, and the team's sessions.

    To make them takes ten times as long as to copy them.
    """

    file: Path
    teams: list[Team]


@pytest.fixture(scope="session")
def kept_team(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("team") / "desk.sqlite3", [])


@pytest.fixture
def team(database: str, kept_team: Kept) -> Team:
    """Closes the desk; returns the sessions of its people."""
    address = make_url(database)
    if address.get_backend_name() != "sqlite":
        made = made_team()
    else:
        if not kept_team.teams:
            kept_team.teams.append(made_team())
            use_database(None)  # so that all is in the file
            shutil.copyfile(str(address.database), kept_team.file)
        use_database(None)
        shutil.copyfile(kept_team.file, str(address.database))
        use_database(database)
        (made,) = kept_team.teams
    identity.forget()
    ada = directory.find_person(by_command(), ADMINISTRATOR).id
    with write_transaction() as session:  # now, because it waits for minutes only
        return made._replace(waiting=add_step(session, by_command(), ada))


def made_team() -> Team:
    ada = administrator()
    bea = account("bea@example.com", Role.AGENT)
    rob = account("rob@example.com", Role.REQUESTER)
    old, gone = session_token(bea), account("gone@example.com", Role.AGENT)
    inactive = session_token(gone)
    rights.set_active(by_command(), gone, False)
    with write_transaction() as session:
        row = session.get(PersonSession, digest(old))
        assert row is not None
        row.created_at = row.created_at.replace(year=2020)
        row.expires_at = row.created_at.replace(year=2021)
    return Team(session_token(rob), session_token(bea), session_token(ada), old, inactive, "")


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    """A client of the API without a session, which follows no redirect."""
    with TestClient(
        make_api(), base_url=ORIGIN, raise_server_exceptions=False, follow_redirects=False
    ) as client:
        yield client


def with_session(token: str) -> dict[str, str]:
    """Returns the headers of a request that a page of the desk sends for this session."""
    return {"cookie": f"{COOKIE}={token}", **OWN_PAGE}
