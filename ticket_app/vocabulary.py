"""The words of the desk, defined once: what a ticket's fields may say and how long they may be.

The database's CHECK constraints, the REST contract, the triage and the pages all read these.
"""

from enum import StrEnum


class Category(StrEnum):
    """What a ticket is about."""

    BILLING = "billing"
    TECHNICAL = "technical"
    ACCOUNT = "account"
    GENERAL = "general"


class Priority(StrEnum):
    """How soon a ticket must be worked on, from least to most."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Status(StrEnum):
    """Where a ticket stands, in the order in which work moves it."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Sentiment(StrEnum):
    """How the requester sounds, from calm to angry."""

    CALM = "calm"
    NEUTRAL = "neutral"
    FRUSTRATED = "frustrated"
    ANGRY = "angry"


FACETS: dict[str, type[StrEnum]] = {
    "category": Category,
    "priority": Priority,
    "status": Status,
    "sentiment": Sentiment,
}
"""What tickets can be filtered and counted by. The database numbers the values in this order."""


class Edge(StrEnum):
    """The way by which a change came in; recorded with every event."""

    BROWSER = "browser"
    REST = "rest"
    CLI = "cli"
    TRIAGE = "triage"


class EventKind(StrEnum):
    """What happened to a ticket."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    RESTORED = "restored"


class TriageField(StrEnum):
    """The ticket fields for which a triage engine proposes a value."""

    CATEGORY = "category"
    PRIORITY = "priority"
    SENTIMENT = "sentiment"
    URGENCY_SCORE = "urgency_score"
    TITLE = "title"


LEARNABLE = (TriageField.CATEGORY, TriageField.PRIORITY)
"""The fields that people decide, and that a desk can learn from their decisions."""


class Verdict(StrEnum):
    """Whether what was learned of a field beats the rules on held-out tickets."""

    BETTER = "better"
    NOT_BETTER = "not_better"


class TriageStatus(StrEnum):
    """Whether a ticket's triage is final. Each ticket has values whatever this says."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class DecidedBy(StrEnum):
    """Who chose a ticket's category or priority: what a person chose, no engine changes."""

    PERSON = "person"
    TRIAGE = "triage"


class TriageScope(StrEnum):
    """What a provider's answer may still change of a ticket that waits for it."""

    ALL = "all"
    SCORES = "scores"


class CallOutcome(StrEnum):
    """How a call to an AI provider ended, or why it was not made; one row of the ledger each."""

    OK = "ok"
    TIMEOUT = "timeout"
    AUTH = "auth"
    QUOTA = "quota"
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    INVALID_ANSWER = "invalid_answer"
    TOO_LARGE = "too_large"
    REFUSED = "refused"
    TOO_LONG = "too_long"
    BAD_REQUEST = "bad_request"
    SERVER_ERROR = "server_error"
    UNEXPECTED = "unexpected"
    CANCELLED = "cancelled"
    BUSY = "busy"
    CIRCUIT_OPEN = "circuit_open"
    OVER_BUDGET = "over_budget"
    NO_PRICE = "no_price"
    LEDGER_UNAVAILABLE = "ledger_unavailable"


ABOUT_THE_TEXT = frozenset(
    {
        CallOutcome.INVALID_ANSWER,
        CallOutcome.TOO_LARGE,
        CallOutcome.REFUSED,
        CallOutcome.TOO_LONG,
    }
)
"""The provider works, and has no answer that is of use to this one text."""

NOT_ASKED = frozenset(
    {
        CallOutcome.BUSY,
        CallOutcome.CIRCUIT_OPEN,
        CallOutcome.OVER_BUDGET,
        CallOutcome.NO_PRICE,
        CallOutcome.LEDGER_UNAVAILABLE,
    }
)
"""No call was made: this follows from an earlier failure, or from the desk itself."""

OFFLINE, LEARNED = "offline", "learned"
OWN_ENGINES = (OFFLINE, LEARNED)
"""The desk's own engines, by the names that suggestions keep; every other one is a provider."""


class CallPurpose(StrEnum):
    """What an AI provider was asked for."""

    SUGGEST = "suggest"
    IMPROVE = "improve"
    REPLAY = "replay"
    EVALUATE = "evaluate"


SETTLED = (Status.RESOLVED, Status.CLOSED)
"""The statuses in which a ticket has a resolved_at."""

ID_MAX = 2**63 - 1
TITLE_MAX = 200
DESCRIPTION_MAX = 20_000
REQUESTER_NAME_MAX = 100
REQUESTER_EMAIL_MAX = 254
SEARCH_MAX = 200
IDEMPOTENCY_KEY_MAX = 255
URGENCY_MIN, URGENCY_MAX, URGENCY_DEFAULT = 0, 100, 50

BLANKS = "".join(
    chr(code)
    for code in (
        *range(0x09, 0x0E),
        *range(0x1C, 0x21),
        0x85,
        0xA0,
        0x1680,
        *range(0x2000, 0x200C),
        0x2028,
        0x2029,
        0x202F,
        0x205F,
        0x2060,
        0x3000,
        0xFEFF,
    )
)
"""Characters that show nothing: what `str.strip` removes, and the zero-width spaces, which would
otherwise make a title that looks empty. Both engines trim exactly these."""

Ranges = tuple[tuple[int, int], ...]
"""Code points, each range with its first and its last."""

IGNORABLE: Ranges = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""What Unicode calls default ignorable, reserved ones included: soft hyphens, joiners, fillers,
marks of direction. The search leaves them out."""

_CONTROLS_AND_BLANKS: Ranges = (
    *((0x0000, 0x0020), (0x007F, 0x00A0), (0x0600, 0x0605), (0x06DD, 0x06DD), (0x070F, 0x070F)),
    *((0x0890, 0x0891), (0x08E2, 0x08E2), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x2800, 0x2800), (0x3000, 0x3000), (0xFFF9, 0xFFFB)),
    *((0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x13442), (0x16FE4, 0x16FE4)),
    *((0x1D159, 0x1D159),),
)


def _united(*ranges: tuple[int, int]) -> Ranges:
    """The ranges in order, those that touch as one."""
    united: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if united and first == united[-1][1] + 1:
            united[-1] = (united[-1][0], last)
        else:
            united.append((first, last))
    return tuple(united)


INVISIBLE = _united(*IGNORABLE, *_CONTROLS_AND_BLANKS)
"""Code points that show nothing of their own, as ranges: the controls, formats and separators of
Unicode 16, what it calls default ignorable (reserved ones included), and the letters and signs that
are blank (Hangul fillers, Braille blank). A text of these alone is blank."""

NONCHARACTERS: Ranges = (
    (0xFDD0, 0xFDEF),
    *((plane << 16 | 0xFFFE, plane << 16 | 0xFFFF) for plane in range(17)),
)
"""What Unicode will never assign. It forbids nobody to send them, and they show nothing."""

LINE_ENDS: Ranges = ((0x00, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029))
"""Control characters and line ends, which a text of one line has none of, as ranges."""
