"""The values and the lengths that a ticket's fields may have, defined once.

The database's CHECK constraints, the REST contract, the triage and the pages all read these.
"""

from enum import StrEnum


class Category(StrEnum):
    """The area that a ticket concerns."""

    BILLING = "billing"
    TECHNICAL = "technical"
    ACCOUNT = "account"
    GENERAL = "general"


class Priority(StrEnum):
    """The urgency of work on a ticket, from least to most."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Status(StrEnum):
    """The stage of a ticket, in the order in which work moves it."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Sentiment(StrEnum):
    """The requester's tone, from calm to angry."""

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
"""The fields by which tickets are filtered and counted. The database numbers the values in this
order."""


class Sort(StrEnum):
    """The order of a list of tickets."""

    NEWEST = "newest"
    OLDEST = "oldest"
    WAITING = "waiting"
    URGENT = "urgent"
    CHANGED = "changed"


class Edge(StrEnum):
    """The way by which a change came in. Every event records it."""

    BROWSER = "browser"
    REST = "rest"
    CLI = "cli"
    TRIAGE = "triage"


class Who(StrEnum):
    """The kind of actor. `anyone` is a person by browser or REST, signed in or not."""

    ANYONE = "anyone"
    COMMAND = "command"
    TRIAGE = "triage"


class Role(StrEnum):
    """What a person is to the desk. Each role may do what the one before may."""

    REQUESTER = "requester"
    AGENT = "agent"
    ADMINISTRATOR = "administrator"


class LinkPurpose(StrEnum):
    """The purpose of a single-use link by which a person sets a password."""

    INVITATION = "invitation"
    RESET = "reset"


class TokenScope(StrEnum):
    """What an API token may do at most, of what its owner may. Each has what the one before has."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class AuditAction(StrEnum):
    """What the audit records. The database does not list these: a new one needs no migration."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    SESSION_ENDED = "session_ended"
    ADMINISTRATOR_CREATED = "administrator_created"
    INVITED = "invited"
    RESET_LINK = "reset_link"
    PASSWORD_SET = "password_set"  # noqa: S105
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    RENAMED = "renamed"
    ROLE_CHANGED = "role_changed"
    DEACTIVATED = "deactivated"
    ACTIVATED = "activated"
    TOKEN_MADE = "token_made"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_FAILED = "second_factor_failed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    TICKET_DELETED = "ticket_deleted"
    TICKET_RESTORED = "ticket_restored"
    REQUESTER_ERASED = "requester_erased"
    TICKETS_PURGED = "tickets_purged"


class EventKind(StrEnum):
    """The kinds of change that a ticket's history records."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    RESTORED = "restored"
    ERASED = "erased"
    REPLIED = "replied"
    NOTED = "noted"


class NotificationKind(StrEnum):
    """Why somebody is told of an event: a ticket became theirs, a reply came on one of theirs, or
    somebody named them."""

    ASSIGNED = "assigned"
    REPLIED = "replied"
    MENTIONED = "mentioned"


class MessageKind(StrEnum):
    """Who may read a message: the requester too, or the team alone."""

    REPLY = "reply"
    NOTE = "note"


class Side(StrEnum):
    """For whom the author of a message speaks. A participant speaks for the requester."""

    REQUESTER = "requester"
    TEAM = "team"


class ErasingKind(StrEnum):
    """What the database's one function for erasing takes from tickets.

    `texts` replaces everything that a requester wrote, and `history` only what the history quotes.
    `tickets` removes deleted tickets altogether.
    """

    TEXTS = "texts"
    HISTORY = "history"
    TICKETS = "tickets"


ERASED = "Erased"
"""What stands where a requester's text was. The database's function has it as well."""
ERASED_PERSON = "Erased person"
"""The name of a person whose data was erased."""


class TriageField(StrEnum):
    """The ticket fields for which a triage engine proposes a value."""

    CATEGORY = "category"
    PRIORITY = "priority"
    SENTIMENT = "sentiment"
    URGENCY_SCORE = "urgency_score"
    TITLE = "title"


SCORES = frozenset({TriageField.SENTIMENT, TriageField.URGENCY_SCORE})
"""The fields that only an engine sets."""

TEXT = frozenset({"title", "description"})
"""The fields that the triage reads."""

LEARNABLE = (TriageField.CATEGORY, TriageField.PRIORITY)
"""The fields that people decide, and that a desk can learn from their decisions."""


class Verdict(StrEnum):
    """The result of comparing learned weights with the rules on held-out tickets."""

    BETTER = "better"
    NOT_BETTER = "not_better"


class TriageStatus(StrEnum):
    """The state of a ticket's triage. A ticket has values in every state."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class DecidedBy(StrEnum):
    """The author of a ticket's category or priority. No engine changes a person's choice."""

    PERSON = "person"
    TRIAGE = "triage"


class TriageScope(StrEnum):
    """The fields of a pending ticket that a provider's answer may still change."""

    ALL = "all"
    SCORES = "scores"


class CallOutcome(StrEnum):
    """The outcome of a call to an AI provider, or the reason for not calling. The ledger has a row
    each."""

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
"""Outcomes that concern one text: the provider works but gives no usable answer to it."""

NOT_ASKED = frozenset(
    {
        CallOutcome.BUSY,
        CallOutcome.CIRCUIT_OPEN,
        CallOutcome.OVER_BUDGET,
        CallOutcome.NO_PRICE,
        CallOutcome.LEDGER_UNAVAILABLE,
    }
)
"""Outcomes without a call: an earlier failure or a limit of the desk prevented it."""

OFFLINE, LEARNED = "offline", "learned"
OWN_ENGINES = (OFFLINE, LEARNED)
"""The names of the desk's own engines, as suggestions store them. Every other name is a provider's.
"""


class CallPurpose(StrEnum):
    """The purpose of a call to an AI provider."""

    SUGGEST = "suggest"
    IMPROVE = "improve"
    REPLAY = "replay"
    EVALUATE = "evaluate"
    DRAFT = "draft"


class DraftOutcome(StrEnum):
    """What became of a drafted reply."""

    AS_IT_WAS = "as_it_was"
    EDITED = "edited"
    THROWN_AWAY = "thrown_away"


SETTLED = (Status.RESOLVED, Status.CLOSED)
"""The statuses in which a ticket has a resolved_at."""
UNSETTLED = (Status.OPEN, Status.IN_PROGRESS)
"""The other statuses."""

ID_MAX = 2**63 - 1
TITLE_MAX = 200
DESCRIPTION_MAX = 20_000
MESSAGE_MAX = 20_000
DRAFT_MAX = 2 * MESSAGE_MAX
"""A draft may be longer than a message, so that the error can say the excess."""
WRITER_MAX = 32
"""Characters of the name of a page that writes a draft."""
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""The media types that a page may show, and that have a thumbnail: images without scripts. SVG and
HTML are never among them."""
ATTACHMENTS_MAX = 10
"""Attachments of one message."""
ATTACHMENT_NAME_MAX = 200
MEDIA_TYPE_MAX = 100
DIGEST_LENGTH = 64
"""Hexadecimal digits of a SHA-256."""
REQUESTER_NAME_MAX = 100
REQUESTER_EMAIL_MAX = 254
PERSON_TERM_MAX = 254
CLIENT_ADDRESS_MAX, USER_AGENT_MAX = 64, 200
ISSUER_MAX, SUBJECT_MAX = 255, 255
TOKEN_NAME_MAX = 100
AUDIT_ACTION_MAX, AUDIT_DETAIL_MAX = 40, 200
SEARCH_MAX = 200
IDEMPOTENCY_KEY_MAX = 255
PASSWORD_MIN, PASSWORD_MAX = 15, 128
FACTOR_SECRET_LENGTH = 32
"""Characters of Base32, which are 160 bits."""
CODE_TYPED_MAX = 100
"""Characters of a typed code that are read. A recovery code has 19 with its hyphens."""
URGENCY_MIN, URGENCY_MAX, URGENCY_DEFAULT = 0, 100, 50
URGENCIES = len(Priority) * (URGENCY_MAX + 1)
"""Combinations of a priority and an urgency score. The most urgent one has the number 0."""

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
"""Characters that both engines trim: those that `str.strip` removes, and the zero-width spaces. A
title of zero-width spaces alone would look empty."""

Ranges = tuple[tuple[int, int], ...]
"""Code points as ranges, each with its first and its last."""

IGNORABLE: Ranges = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
"""Unicode's default ignorable code points, reserved ones included: soft hyphens, joiners, fillers
and marks of direction. The search ignores them."""

_CONTROLS_AND_BLANKS: Ranges = (
    *((0x0000, 0x0020), (0x007F, 0x00A0), (0x0600, 0x0605), (0x06DD, 0x06DD), (0x070F, 0x070F)),
    *((0x0890, 0x0891), (0x08E2, 0x08E2), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x2800, 0x2800), (0x3000, 0x3000), (0xFFF9, 0xFFFB)),
    *((0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x13442), (0x16FE4, 0x16FE4)),
    *((0x1D159, 0x1D159),),
)


def _united(*ranges: tuple[int, int]) -> Ranges:
    """Returns the ranges in ascending order, with adjacent ones merged."""
    united: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if united and first == united[-1][1] + 1:
            united[-1] = (united[-1][0], last)
        else:
            united.append((first, last))
    return tuple(united)


INVISIBLE = _united(*IGNORABLE, *_CONTROLS_AND_BLANKS)
"""Code points without a visible glyph, as ranges: the controls, formats and separators of Unicode
16, its default ignorable ones (reserved ones included), and the blank letters and signs (Hangul
fillers, Braille blank). A text of these alone is blank."""

NONCHARACTERS: Ranges = (
    (0xFDD0, 0xFDEF),
    *((plane << 16 | 0xFFFE, plane << 16 | 0xFFFF) for plane in range(17)),
)
"""Code points that Unicode will never assign. They may be sent, but they have no glyph."""

LINE_ENDS: Ranges = ((0x00, 0x1F), (0x7F, 0x9F), (0x2028, 0x2029))
"""Control characters and line ends as ranges. A text of one line contains none of them."""
