"""Answers in a file: what an engine on trial said in an earlier run, and in this one so far."""

import fcntl
import logging
from collections.abc import Iterator
from errno import ENOSPC
from io import SEEK_END, FileIO
from os import strerror
from pathlib import Path
from threading import Lock

from pydantic import BaseModel, ConfigDict, ValidationError

from ticket_app.errors import TicketAppError
from ticket_app.settings import ProviderChoice
from ticket_app.triage.contract import Triage
from ticket_app.triage.prompts import Prompt

BEGINNING = b'{"input_hash":"'
"""Of every line: what begins otherwise is nothing that a run of ours was cut off in."""

log = logging.getLogger(__name__)


class RecordingError(TicketAppError):
    """A file of recorded answers cannot be read or written; the sentence names the line."""

    code = "recording"


class Record(BaseModel):
    """One answer: to which text, by whom, and what it cost if that is known."""

    model_config = ConfigDict(frozen=True)

    input_hash: str
    engine: str
    model: str
    prompt_version: str
    triage: Triage
    cost_usd: float | None


class Recording:
    """Answers in a file of JSON lines, added to as they come: a run that was interrupted goes on,
    and one that is repeated asks nobody. Several runs may add to one file at once.

    A last line that was cut off when a run was killed is left out, and overwritten.
    """

    def __init__(self, path: Path) -> None:
        """Raises RecordingError for a file that cannot be read."""
        self._path, self._lock = path, Lock()
        self._known = {_key(record): record for record in _records(path)}

    def find(self, choice: ProviderChoice, prompt: Prompt, text_hash: str) -> Record | None:
        """The answer to this text, if it is there."""
        return self._known.get((text_hash, choice.name, choice.model, prompt.version))

    def add(self, record: Record) -> None:
        """Keep the answer. Raises RecordingError where the file cannot be written."""
        with self._lock:
            self._known[_key(record)] = record
            try:
                with FileIO(self._path, "a+") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
                    _begin_line(file)
                    _write_whole(file, f"{record.model_dump_json()}\n".encode())
            except OSError as error:
                raise RecordingError(
                    f"{self._path} cannot be written: {error.strerror}."
                ) from error


def _write_whole(file: FileIO, line: bytes) -> None:
    if file.write(line) != len(line):
        raise OSError(ENOSPC, strerror(ENOSPC))


def _begin_line(file: FileIO) -> None:
    """Have the next line start where a line starts: what was cut off is removed, and an answer that
    lacks its end of line gets one."""
    if file.seek(0, SEEK_END) == 0:
        return
    file.seek(-1, SEEK_END)
    if file.read(1) == b"\n":
        return
    file.seek(0)
    whole, newline, rest = file.readall().rpartition(b"\n")
    if _is_cut_off(rest):
        file.truncate(len(whole) + len(newline))
    else:
        file.write(b"\n")


def _key(record: Record) -> tuple[str, str, str, str]:
    return record.input_hash, record.engine, record.model, record.prompt_version


def _records(path: Path) -> Iterator[Record]:
    if not path.exists():
        return
    try:
        *lines, last = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}.") from error
    if _is_cut_off(last):
        log.warning("%s ends in the middle of an answer; that one is asked for again", path)
    else:
        lines.append(last)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record = _record(line)
        if record is None:
            raise RecordingError(
                f"{path}, line {number}, is no recorded answer; remove it, or name another file."
            )
        yield record


def _is_cut_off(last: bytes) -> bool:
    """Whether a run was killed while it wrote this, which nothing follows."""
    begins = last.startswith(BEGINNING) or BEGINNING.startswith(last)
    return last != b"" and begins and _record(last) is None


def _record(line: bytes) -> Record | None:
    try:
        return Record.model_validate_json(line)
    except ValidationError:
        return None
