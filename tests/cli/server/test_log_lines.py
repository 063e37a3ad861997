"""Input from strangers cannot forge log lines, control a terminal or fill a disk."""

import io
import logging
import threading
from collections.abc import Iterator

import pytest

from ticket_app.cli.server.log_lines import (
    LINES_AT_ONCE,
    MESSAGE_LONGEST,
    TRACE_LINE_LONGEST,
    RateLimitFilter,
    SingleLineFormatter,
)

FORGED = "nobody\n2026-01-01 00:00:00 INFO desk: all is well \x1b[2J\r\u2028\u202e\ud800"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger with the desk's formatter and filter, and its output."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(SingleLineFormatter())
    handler.addFilter(RateLimitFilter(seconds=3_600))
    logger = logging.getLogger("stranger")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, written
    logger.removeHandler(handler)
    logger.propagate = True


def test_a_line_cannot_be_forged(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    logger.warning("no event %s", FORGED)
    (line,) = written.getvalue().splitlines()
    assert "nobody\\n2026" in line
    assert line.isprintable()


def test_a_line_cannot_be_forged_by_an_error(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    try:
        int(FORGED + "x" * 100_000)
    except ValueError:
        logger.exception("it failed")
    first, *stack = written.getvalue().splitlines()
    assert first.endswith("it failed")
    assert stack and all(line.startswith("  | ") and line.isprintable() for line in stack)
    assert max(map(len, stack)) < TRACE_LINE_LONGEST + 50


def test_a_long_text_is_cut(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    logger.warning("x" * 1_000_000)
    line = written.getvalue()
    assert len(line) < MESSAGE_LONGEST + 150
    assert "more characters)" in line


def test_without_a_thread_that_counts_nothing_is_left_out(
    log: tuple[logging.Logger, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Timer, "start", refuse)
    logger, written = log
    for _ in range(2 * LINES_AT_ONCE):
        logger.warning("no event")
    assert len(written.getvalue().splitlines()) == 2 * LINES_AT_ONCE


def test_a_flood_is_counted(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = log
    for number in range(10_000):
        logger.warning(f"no event {number}")  # noqa: G004  # as libraries do
    logger.warning("something else")
    lines = written.getvalue().splitlines()
    assert len(lines) == LINES_AT_ONCE + 1
    assert lines[-1].endswith("something else")
    for timer in [one for one in threading.enumerate() if isinstance(one, threading.Timer)]:
        timer.cancel()
        timer.function(*timer.args)  # the interval is over
    assert f" {10_000 - LINES_AT_ONCE} more lines" in written.getvalue()
