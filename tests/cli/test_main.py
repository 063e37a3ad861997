"""The command line answers with sentences and exit codes, never with a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ticket_app.cli.main import main
from ticket_app.settings import ROOT


def desk(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m ticket_app ...` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "ticket_app", *arguments],
        cwd=ROOT,
        env={**os.environ, "ENV_FILE": os.devnull, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("PORT", "eighty", "PORT"),
        ("PORT", "65536", "PORT"),
        ("ALLOWED_ORIGINS", "*", "never *"),
        ("ALLOWED_HOSTS", "https://desk.example.com", "ALLOWED_HOSTS"),
        ("AI_PROVIDER", "openai", "OPENAI_API_KEY"),
        ("AI_FALLBACK_CATEGORY", "hardware", "AI_FALLBACK_CATEGORY"),
        ("DATABASE_URL", "mysql://desk:hunter2@localhost/desk", "DATABASE_URL"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_sentence(
    name: str, value: str, problem: str
) -> None:
    done = desk("serve", **{name: value})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert problem in done.stderr
    assert "for example" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_taken_port_stops_the_start_with_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = desk("serve", PORT=str(port))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"Port {port} is taken by another program")
    assert done.stderr.count("\n") == 1


def test_an_address_that_is_not_ours_stops_the_start_with_one_sentence() -> None:
    done = desk("serve", HOST="192.0.2.1")
    assert done.returncode == 2
    assert done.stderr.startswith("HOST is wrong")
    assert done.stderr.count("\n") == 1


def test_migrate_makes_the_database_and_finds_nothing_to_do_the_second_time(tmp_path: Path) -> None:
    for _ in range(2):
        assert desk("migrate", DATA_DIR=str(tmp_path)).returncode == 0
    assert (tmp_path / "desk.sqlite3").exists()


def test_health_of_a_desk_that_is_not_there() -> None:
    done = desk("health", PORT="1")
    assert done.returncode == 1
    assert done.stdout.startswith("The desk is not ready")


def test_an_unknown_command_names_those_that_exist() -> None:
    done = desk("frobnicate")
    assert done.returncode == 2
    assert "serve" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "demo --tickets",
        "triage replay --last",
        "people list --after",
        "people token ana@example.com --days",
        "people revoke-token ana@example.com",
        "purge --older-than",
    ],
)
def test_a_wrong_number_is_told_in_a_plain_sentence(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in ("some", "1.5", "-1", "9" * 30, "9" * 5_000):
        with pytest.raises(SystemExit) as ended:
            main([*command.split(), wrong])
        assert ended.value.code == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert wrong == "-1" or "choose a number from" in said or "use the id of a" in said
        assert "invalid" not in said


@pytest.mark.parametrize(
    "command", ["serve", "build", "migrate", "recount", "people", "erase", "purge", "health", "dev"]
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"python -m ticket_app {command}" in capsys.readouterr().out
