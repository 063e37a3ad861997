"""Logging for every process: safe single lines, with a rate limit for each kind of line.

A record may contain input of a stranger. Line ends and terminal controls are therefore escaped, and
long texts are cut. A kind of line is a place in the code, and only so many lines of one kind are
written in a time, so that no kind fills a disk.
"""

import logging
import sys
from threading import Lock, Timer

MESSAGE_LONGEST = 2_000
TRACE_LINE_LONGEST = 500
TRACE_LINES = 60
"""Lines of a traceback that are kept, from its end, where the error is."""
LINES_AT_ONCE = 30
SECONDS = 10.0
"""Rate limit: LINES_AT_ONCE lines of one kind in SECONDS. Further lines are only counted."""

WITH_HANDLERS_OF_THEIR_OWN = ("engineio.server", "socketio.server")

Kind = tuple[str, int, str, int]


class SingleLineFormatter(logging.Formatter):
    """Formats a record as one line. The lines of a traceback follow, each after a bar."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # as logging names it
        """Return the first line."""
        record.message = _plain(record.message, MESSAGE_LONGEST)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802
        """Return the traceback of an error, escaped and cut."""
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type]  # as logging's
        left_out = [f"({len(lines) - TRACE_LINES} lines left out)"] if lines[TRACE_LINES:] else []
        shown = [*left_out, *lines[-TRACE_LINES:]]
        return "\n".join(f"  | {_plain(line, TRACE_LINE_LONGEST)}" for line in shown)


class RateLimitFilter(logging.Filter):
    """Passes LINES_AT_ONCE records of a kind in `seconds`, then logs how many it dropped."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__()
        self._seconds = seconds
        self._lock = Lock()
        self._seen: dict[Kind, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True if this record is written."""
        kind = (record.name, record.levelno, record.pathname, record.lineno)
        with self._lock:
            seen = self._seen.get(kind, 0)
            self._seen[kind] = seen + 1
        if seen == 0:
            self._end_later(kind)
        return seen < LINES_AT_ONCE

    def _end_later(self, kind: Kind) -> None:
        timer = Timer(self._seconds, self._end, (kind,))
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:  # no more threads, or the process is about to end
            with self._lock:
                self._seen.pop(kind, None)

    def _end(self, kind: Kind) -> None:
        with self._lock:
            left_out = self._seen.pop(kind) - LINES_AT_ONCE
        if left_out > 0:
            name, level, _, line = kind
            words = "%d more lines like the last of line %d were left out within %.0f seconds"
            logging.getLogger(name).log(level, words, left_out, line, self._seconds)


def begin_log(level: str) -> None:
    """Send every record of this process to stderr in this format. Call it before importing Reflex.

    It keeps libraries from adding handlers of their own.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SingleLineFormatter())
    handler.addFilter(RateLimitFilter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in WITH_HANDLERS_OF_THEIR_OWN:
        logging.getLogger(name).setLevel(logging.ERROR)


def remove_other_handlers() -> None:
    """Remove the handlers that libraries have added since `begin_log`."""
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers.clear()
            logger.propagate = True


def _plain(text: str, longest: int) -> str:
    """Return the text with unprintable characters escaped, cut to `longest` characters."""
    cut = len(text) - longest
    shown = text[:longest]
    if not shown.isprintable():
        shown = "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
        )
    return f"{shown} … ({cut} more characters)" if cut > 0 else shown
