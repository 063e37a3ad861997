"""Labelled tickets: texts with a person's labels, read from CSV or JSON lines."""

import csv
import json
from collections.abc import Iterator
from importlib.resources import as_file, files
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from ticket_app.errors import TicketAppError
from ticket_app.triage.contract import Urgency
from ticket_app.vocabulary import BLANKS, Category, Priority, Sentiment

SHIPPED = ("tune", "held_out")
"""The sets in ../labelled/: the engine is fitted on the first; the second is only for measuring."""

LABELS = ("category", "priority", "sentiment", "urgency")


class LabelledFileError(TicketAppError):
    """A file of labelled tickets is invalid; the sentence names the line."""

    code = "labelled_file"


def _require_text(text: str) -> str:
    if not text.strip(BLANKS):
        raise ValueError("it is blank")
    return text


def _split_range(value: Any) -> Any:
    return value.split("-") if isinstance(value, str) else value


def _ordered(bounds: tuple[int, int]) -> tuple[int, int]:
    if bounds[0] > bounds[1]:
        raise ValueError("the lower bound comes first")
    return bounds


UrgencyRange = Annotated[
    tuple[Urgency, Urgency], BeforeValidator(_split_range), AfterValidator(_ordered)
]


class LabelledTicket(BaseModel):
    """A ticket with a person's labels; a missing label is None. `urgency` is an inclusive range."""

    model_config = ConfigDict(frozen=True)

    description: Annotated[str, AfterValidator(_require_text)] = Field(
        validation_alias=AliasChoices("description", "text")
    )
    title: str = ""
    category: Category | None = None
    priority: Priority | None = None
    sentiment: Sentiment | None = None
    urgency: UrgencyRange | None = None
    language: str | None = None
    trait: str | None = None
    author: str | None = None


class _Row(NamedTuple):
    line: int
    values: dict[str, Any]


def shipped_tickets(name: str) -> list[LabelledTicket]:
    """Returns the tickets of one of the SHIPPED sets."""
    with as_file(files("ticket_app.triage") / "labelled" / f"{name}.jsonl") as path:
        return labelled_tickets(path)


def labelled_tickets(path: Path) -> list[LabelledTicket]:
    """Returns the tickets of a `.csv` file, or of a file with one JSON object a line.

    Unknown columns and keys are ignored. Raises LabelledFileError, whose sentence names the line,
    for a file that is invalid, has no tickets, or has no labels.
    """
    text = _text_of(path)
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _json_rows(path, text)
    tickets = [_ticket(path, row) for row in rows]
    if not tickets:
        raise LabelledFileError(f"{path} holds no tickets.")
    if not any(getattr(ticket, label) is not None for ticket in tickets for label in LABELS):
        raise LabelledFileError(f"{path} has no label to compare with: {', '.join(LABELS)}.")
    return tickets


def _text_of(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LabelledFileError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _wrong(path, line, "this is not UTF-8") from error


def _csv_rows(path: Path, text: str) -> Iterator[_Row]:
    # splitlines would end a line at eight more characters than CSV does.
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    line = 1
    try:
        if not {"description", "text"} & set(reader.fieldnames or ()):
            raise _wrong(path, 1, "there is no column description (or text)")
        line = reader.line_num + 1
        for cells in reader:
            if None in cells or None in cells.values():
                raise _wrong(path, line, "there are not as many cells as columns")
            yield _Row(line, {name: cell for name, cell in cells.items() if cell})
            line = reader.line_num + 1
    except csv.Error as error:
        raise _wrong(path, line, f"this is not CSV: {error}") from error


def _json_rows(path: Path, text: str) -> Iterator[_Row]:
    for line, source in enumerate(text.split("\n"), start=1):
        if not source.strip():
            continue
        try:
            values = json.loads(source)
        except ValueError as error:
            raise _wrong(path, line, f"this is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise _wrong(path, line, "this is not a JSON object")
        yield _Row(line, values)


def _ticket(path: Path, row: _Row) -> LabelledTicket:
    try:
        return LabelledTicket.model_validate(row.values)
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(path, row.line, f"{first['loc'][0]}: {first['msg']}") from error


def _wrong(path: Path, line: int, what: str) -> LabelledFileError:
    return LabelledFileError(f"{path}, line {line}: {what.rstrip('.')}.")
