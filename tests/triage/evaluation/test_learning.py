"""The measure of learning prints its figures, and a sentence for a file that it cannot use."""

import csv
from pathlib import Path

import pytest

from tests.triage.learning.desk import desk
from ticket_app.triage.evaluation.learning import main


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """The path of a CSV file with 500 texts."""
    path = tmp_path / "texts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "category"])
        rows.writerows(desk(500))
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Runs the script with these arguments; returns its exit code."""
    monkeypatch.setattr("sys.argv", ["ticket_app.triage.evaluation.learning", *arguments])
    return main()


def test_the_figures_are_of_texts_that_were_not_learned_from(
    texts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, str(texts), "--learned", "300", "--seeds", "1") == 0
    printed = capsys.readouterr().out
    assert "Learned from 300 texts" in printed
    assert "p95 ms" in printed


def test_a_missing_file_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "nowhere.csv") == 2
    assert "There is no file nowhere.csv" in capsys.readouterr().err


def test_a_file_without_the_columns_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("question,answer\n", encoding="utf-8")
    assert run(monkeypatch, str(path)) == 2
    assert "lacks the column" in capsys.readouterr().err
