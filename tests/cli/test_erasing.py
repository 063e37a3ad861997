"""`erase` and `purge` say what they will do, ask before they do it, and say what they did."""

import io
import os
import pty
import sys

import pytest

from harness.accounts import administrator
from tests.fork_server import run_command
from tests.services.desk import opened
from tests.services.erasing.test_erasing import rows
from tests.services.erasing.test_purging import deleted
from tests.services.erasing.traces import EVE, TEXTS, files_with_traces, leave_traces, traces
from ticket_app.cli.main import main

pytestmark = pytest.mark.usefixtures("database", "attachments_folder")


def desk(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Runs a command without a terminal; returns its exit code, output and errors."""
    code = main(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))


def test_erase_counts_first_and_erases_with_yes(capsys: pytest.CaptureFixture[str]) -> None:
    leave_traces()
    capsys.readouterr()
    code, said, refused = desk(capsys, "erase", EVE)
    assert code == 2 and refused.count("\n") == 1 and "--yes" in refused
    assert "tickets: 4, 1 of them deleted" in said and "belong to others now: 1" in said
    assert traces()
    code, said, _ = desk(capsys, "erase", f"Eve <{EVE}>", "--yes")
    assert code == 0 and "5 of 5 tickets" in said and "Backups" in said
    assert traces() == set() and files_with_traces() == set()
    for again in (EVE, "#1"):
        code, said, _ = desk(capsys, "erase", again, "--yes")
        assert code == 0 and said.endswith("\nThere is nothing to erase.\n")
    assert rows("SELECT count(*) FROM audit_entry WHERE action = 'requester_erased'") == [(1,)]


def test_erase_takes_the_number_of_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    opened(**TEXTS)
    assert desk(capsys, "erase", "#1", "--yes")[0] == 0
    assert rows("SELECT name, email FROM person") == [("Erased person", None)]


def test_erase_refuses_accounts_and_people_whom_nobody_knows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    administrator()
    code, _, refused = desk(capsys, "erase", "ada@example.com", "--yes")
    assert code == 2 and "role ada@example.com requester" in refused and refused.count("\n") == 1
    assert desk(capsys, "erase", "#99", "--yes")[0] == 2
    for wrong in ("ada", "#", "#0", "#x", "12"):
        with pytest.raises(SystemExit):
            main(["erase", wrong])


def test_purge_counts_first_and_purges_with_yes(capsys: pytest.CaptureFixture[str]) -> None:
    kept = [opened().id, deleted(29)]
    deleted(31)
    deleted(400)
    code, said, refused = desk(capsys, "purge")
    assert code == 2 and "2 tickets deleted 30 days ago or earlier" in said and "--yes" in refused
    assert desk(capsys, "purge", "--older-than", "365", "--yes")[1].startswith("This removes 1 tic")
    assert desk(capsys, "purge", "--yes")[0] == 0
    assert rows("SELECT id FROM ticket ORDER BY id") == [(each,) for each in kept]
    code, said, _ = desk(capsys, "purge")
    assert code == 0 and "nothing to purge" in said
    for wrong in ("0", "-1", "x", "99999"):
        with pytest.raises(SystemExit):
            main(["purge", "--older-than", wrong])


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("answer", ["yes", "y", ""])
def test_a_terminal_is_asked_and_takes_yes_alone(database: str, answer: str) -> None:
    deleted(31)
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = run_command("purge", stdin=theirs, DATABASE_URL=database.replace("+psycopg2", ""))
    os.close(theirs)
    os.close(ours)
    said = done.stdout + done.stderr
    assert 'Type "yes"' in said
    assert done.returncode == (0 if answer == "yes" else 2), said
    assert rows("SELECT count(*) FROM ticket") == [(0 if answer == "yes" else 1,)]
