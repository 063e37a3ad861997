"""`triage replay` as a command."""

import json
from pathlib import Path

import pytest

from tests.services.desk import changed, opened
from ticket_app.cli.main import main
from ticket_app.cli.triage.replay import SHOWN

pytestmark = pytest.mark.usefixtures("sqlite_database")


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    ticket = opened(description="The wallpaper of the start page is blue.")
    changed(ticket.id, category="billing")
    assert main(["triage", "replay", "--last", "5"]) == 0
    said = capsys.readouterr().out
    assert "1 ticket again" in said
    (line,) = [line for line in said.splitlines() if line.startswith(f"#{ticket.id}")]
    assert line.split()[1:3] == ["category", "billing"]
    assert "a person" in line


def test_a_long_table_ends_with_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(SHOWN + 2):
        changed(opened().id, category="billing")
    assert main(["triage", "replay"]) == 0
    assert "and 2 more; --json has them all" in capsys.readouterr().out
    assert main(["triage", "replay", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["differences"]) == SHOWN + 2


def test_an_empty_desk(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triage", "replay"]) == 0
    assert "0 tickets again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--engine", "gemini"], "GEMINI_API_KEY is not set"),
        (["--engine", "ollama", "--prompt", "/nowhere"], "/nowhere cannot be read"),
    ],
)
def test_what_cannot_be_tried_is_said(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["triage", "replay", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_damaged_recording_ends_the_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("nonsense\n")
    assert main(["triage", "replay", "--recorded", str(path)]) == 2
    assert "line 1, is no recorded answer" in capsys.readouterr().err
