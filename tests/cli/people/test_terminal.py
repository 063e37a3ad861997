"""On a terminal the first administrator types the password twice, and sees neither."""

import os
import pty
import subprocess
import sys

import pytest

from ticket_app.actor import by_command
from ticket_app.services.people import identity
from ticket_app.settings import ROOT

PASSWORD = "teapot lantern gravel"  # noqa: S105  # a made-up one


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("second", [PASSWORD, f"{PASSWORD}s"])
def test_a_terminal_asks_twice_and_shows_neither(database: str, second: str) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ticket_app", "people", "admin", "ana@example.com"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database.replace("+psycopg2", "")},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    printed = _until(ours, "Password: ")
    os.write(ours, f"{PASSWORD}\n".encode())
    printed += _until(ours, "again: ")
    os.write(ours, f"{second}\n".encode())
    printed += _until(ours, None)
    os.close(ours)
    assert process.wait(30) == (0 if second == PASSWORD else 2), printed
    assert PASSWORD not in printed
    assert ("differ" in printed) is (second != PASSWORD)
    assert identity.read_is_open(by_command()) is (second != PASSWORD)


def _until(terminal: int, words: str | None) -> str:
    """Returns what a terminal shows until these words, or until its program ends."""
    shown = ""
    while words is None or words not in shown:
        try:
            more = os.read(terminal, 1_000)
        except OSError:  # Linux's sign that nobody has the other end open
            break
        if not more:
            break
        shown += more.decode()
    return shown
