"""`triage evaluate` prints a report for people or for programs, and a sentence for a bad file."""

import json
from pathlib import Path

import pytest

from harness.fake_provider import FakeProvider, Script
from ticket_app.cli.main import main
from ticket_app.settings import get_settings

LINES = (
    '{"text": "The invoice is wrong, I was charged twice", "category": "billing",'
    ' "priority": "medium", "sentiment": "neutral", "urgency": [25, 60], "language": "en",'
    ' "trait": "plain"}\n'
    '{"text": "Production is down for all users", "category": "technical",'
    ' "priority": "critical", "sentiment": "neutral", "urgency": [75, 100], "language": "en"}\n'
)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.jsonl"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_the_report_for_people(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triage", "evaluate", str(labelled)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""  # no bar where stderr is no terminal
    for part in ("2 tickets; latency p50", "macro F1", "recall of critical 1.000", "plain", "ECE"):
        assert part in shown.out
    assert max(len(line) for line in shown.out.splitlines()) <= 100


def test_the_report_for_programs(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triage", "evaluate", str(labelled), "--json", "--engine", "offline"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == 2
    assert report["priority"]["critical_recall"] == 1.0
    assert (report["cost"], report["unanswered"]) == (0, {})
    assert set(report["by_language"]) == {"en"}


def test_without_a_file_it_is_the_shipped_sets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triage", "evaluate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] >= 300


def test_a_bad_line_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("text,priority\nhello,soon\n", encoding="utf-8")
    assert main(["triage", "evaluate", str(path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"{path}, line 2: priority: Input should be 'low'")
    assert shown.err.count("\n") == 1


def test_triage_alone_is_wrong_use() -> None:
    with pytest.raises(SystemExit) as left:
        main(["triage"])
    assert left.value.code == 2


@pytest.mark.usefixtures("sqlite_database")
def test_a_provider_is_measured_like_any_engine(
    labelled: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["triage", "evaluate", str(labelled), "--engine", "openai"]
    recorded = ["--recorded", str(tmp_path / "answers.jsonl")]
    with FakeProvider() as fake:
        monkeypatch.setenv("AI_PROVIDER", "openai")
        monkeypatch.setenv("AI_BASE_URL", fake.base_url)
        get_settings.cache_clear()
        for _ in range(2):
            assert main([*command, *recorded, "--json"]) == 0
            report = json.loads(capsys.readouterr().out)
            assert (report["n"], report["category"]["accuracy"]) == (2, 0.5)
            assert report["cost"] == pytest.approx(2 * (10 * 0.15 + 10 * 0.6) / 1e6)
        assert len(fake.received) == 2  # the second run uses the recorded answers
        fake.script = Script.WRONG_ENUM
        assert main([*command, "--model", "x"]) == 2
    assert "No ticket was answered: 2 invalid_answer" in capsys.readouterr().err
