"""A file of recorded answers survives interruptions and several writers, and reports its errors."""

import subprocess
import sys
from pathlib import Path

import pytest

from ticket_app.services.triage.recorded_answers import Record, Recording, RecordingError
from ticket_app.settings import ProviderChoice
from ticket_app.triage.offline import triage_offline
from ticket_app.triage.provider.prompts import PROMPT

CHOICE = ProviderChoice(name="openai", model="m", api_key=None, base_url=None)
TRIAGE = triage_offline("The wallpaper is blue. Ünverschämt!")


def record(text_hash: str) -> Record:
    return Record(
        input_hash=text_hash,
        engine="openai",
        model="m",
        prompt_version=PROMPT.version,
        triage=TRIAGE,
        cost_usd=0.5,
    )


def line(text_hash: str) -> bytes:
    return record(text_hash).model_dump_json().encode()


def known(path: Path, *hashes: str) -> list[bool]:
    recording = Recording(path)
    return [recording.find(CHOICE, PROMPT, each) is not None for each in hashes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


@pytest.mark.parametrize(
    "damaged",
    [
        b"{",
        b'{"engine": "openai"}',
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"input_hash":' * 50_000,
        b"\xff",
        line("a")[:-5],
        line("a") + line("b"),
    ],
)
def test_a_damaged_line_is_named(damaged: bytes, path: Path) -> None:
    path.write_bytes(b"\n" + damaged + b"\n")
    with pytest.raises(RecordingError, match=r"answers\.jsonl, line 2"):
        Recording(path)


@pytest.mark.parametrize("other", [b"[" * 100_000, b'{"my": "file"}', b"Dear diary"])
def test_a_file_that_is_something_else_is_left_alone(other: bytes, path: Path) -> None:
    path.write_bytes(other)
    with pytest.raises(RecordingError, match="line 1"):
        Recording(path)
    assert path.read_bytes() == other


def test_blank_lines_say_nothing(path: Path) -> None:
    path.write_bytes(b"\n  \n" + line("a") + b"\r\n\n" + line("b") + b"\n \t")
    assert known(path, "a", "b", "c") == [True, True, False]


def test_an_answer_without_an_end_of_line_gets_no_other_glued_on(path: Path) -> None:
    path.write_bytes(line("a") + b"\n" + line("b"))
    Recording(path).add(record("c"))
    assert path.read_bytes() == b"".join(line(each) + b"\n" for each in "abc")
    assert known(path, "a", "b", "c") == [True] * 3


def test_an_answer_cut_off_anywhere_is_asked_for_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = line("b")
    for end in range(1, len(whole)):  # within a character of two bytes as well
        path.write_bytes(line("a") + b"\n" + whole[:end])
        recording = Recording(path)
        assert recording.find(CHOICE, PROMPT, "b") is None
        recording.add(record("c"))
        assert path.read_bytes() == line("a") + b"\n" + line("c") + b"\n"
    assert "ends in a partial answer" in caplog.text
    path.write_bytes(whole[:50])
    Recording(path).add(record("c"))
    assert path.read_bytes() == line("c") + b"\n"


def test_reading_changes_nothing(path: Path) -> None:
    path.write_bytes(line("a")[:50])
    assert known(path, "a") == [False]
    assert path.read_bytes() == line("a")[:50]


ADDING = """
import sys
from pathlib import Path
from tests.services.triage.test_recorded_answers import record
from ticket_app.services.triage.recorded_answers import Recording

recording = Recording(Path(sys.argv[1]))
for number in range(300):
    recording.add(record(f"{sys.argv[2]}{number}"))
"""


def test_two_runs_at_once_mix_no_lines(path: Path) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", ADDING, str(path), name]) for name in "xy"]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert len(path.read_bytes().splitlines()) == 600
    assert all(known(path, *(f"{name}{number}" for name in "xy" for number in range(300))))


def test_a_file_that_cannot_be_written_is_named(path: Path) -> None:
    recording = Recording(path)
    path.mkdir()
    with pytest.raises(RecordingError, match="cannot be written: Is a directory"):
        recording.add(record("a"))


def test_a_full_disk_is_no_silence() -> None:
    recording = Recording(Path("/dev/null"))
    recording._path = Path("/dev/full")
    with pytest.raises(RecordingError, match="No space left"):
        recording.add(record("a"))
