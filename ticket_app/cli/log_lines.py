"""The log of every process: one record is one line that cannot be forged, and no kind fills a disk.

What is logged may hold what a stranger sent. So nothing in a line ends it or steers a terminal, a
long text is cut, and of one kind of line (the same place in the code) only so many come at a time.
"""

import logging
import sys
from threading import Lock, Timer

MESSAGE_LONGEST = 2_000
TRACE_LINE_LONGEST = 500
TRACE_LINES = 60
"""The last of a stack: the error stands at its end."""
LINES_AT_ONCE = 30
SECONDS = 10.0
"""Of one kind so many lines in so many seconds; the rest is counted."""

WITH_HANDLERS_OF_THEIR_OWN = ("engineio.server", "socketio.server")

Kind = tuple[str, int, str, int]


class OneLine(logging.Formatter):
    """Writes a record as one line; the lines of a stack follow, each behind a bar."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # as logging names it
        """The first line."""
        record.message = _plain(record.message, MESSAGE_LONGEST)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802
        """The stack of an error."""
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type]  # as logging's
        left_out = [f"({len(lines) - TRACE_LINES} lines left out)"] if lines[TRACE_LINES:] else []
        shown = [*left_out, *lines[-TRACE_LINES:]]
        return "\n".join(f"  | {_plain(line, TRACE_LINE_LONGEST)}" for line in shown)


class Seldom(logging.Filter):
    """Lets through LINES_AT_ONCE records of a kind in SECONDS, then says how many it left out."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__()
        self._seconds = seconds
        self._lock = Lock()
        self._seen: dict[Kind, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this record is written."""
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
        except RuntimeError:  # the system gives no thread, or the process is about to end
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
    """Send every record of this process to stderr, written so; call it before Reflex is imported.

    Libraries that would add a handler of their own are kept from it.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    handler.addFilter(Seldom())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in WITH_HANDLERS_OF_THEIR_OWN:
        logging.getLogger(name).setLevel(logging.ERROR)


def one_way_out() -> None:
    """Take away the handlers that libraries have added since."""
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers.clear()
            logger.propagate = True


def _plain(text: str, longest: int) -> str:
    """The text without anything that does not show, and cut."""
    cut = len(text) - longest
    shown = text[:longest]
    if not shown.isprintable():
        shown = "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown
        )
    return f"{shown} … ({cut} more characters)" if cut > 0 else shown
