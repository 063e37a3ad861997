"""Recorded answers of engines on trial, in a file that several runs read and add to."""

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
from ticket_app.triage.provider.prompts import Prompt

BEGINNING = b'{"input_hash":"'
"""Every line starts with it. A partial last line that does not is not one that a run wrote."""

log = logging.getLogger(__name__)


class RecordingError(TicketAppError):
    """A file of recorded answers cannot be read or written; the message names the line."""

    code = "recording"


class Record(BaseModel):
    """An engine's answer to one text. `cost_usd` is None if the cost is unknown."""

    model_config = ConfigDict(frozen=True)

    input_hash: str
    engine: str
    model: str
    prompt_version: str
    triage: Triage
    cost_usd: float | None


class Recording:
    """A file of answers as JSON lines, appended as they arrive.

    An interrupted run resumes from it, and a repeated run calls no provider. Several runs may
    append to one file at the same time. A partial last line of a killed run is ignored, and the
    next answer overwrites it.
    """

    def __init__(self, path: Path) -> None:
        """Loads the file, if it exists. Raises RecordingError if it cannot be read."""
        self._path, self._lock = path, Lock()
        self._known = {_key(record): record for record in _records(path)}

    def find(self, choice: ProviderChoice, prompt: Prompt, text_hash: str) -> Record | None:
        """Returns the answer to this text, or None if there is none."""
        return self._known.get((text_hash, choice.name, choice.model, prompt.version))

    def add(self, record: Record) -> None:
        """Appends the answer. Raises RecordingError if the file cannot be written."""
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
    """Moves to the start of a line: removes a partial last line, and ends a whole one that lacks
    its newline."""
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
        log.warning("%s ends in a partial answer, which is ignored and requested again", path)
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
    """Returns True if the last line is a partial one, of a run that was killed meanwhile."""
    begins = last.startswith(BEGINNING) or BEGINNING.startswith(last)
    return last != b"" and begins and _record(last) is None


def _record(line: bytes) -> Record | None:
    try:
        return Record.model_validate_json(line)
    except ValidationError:
        return None
