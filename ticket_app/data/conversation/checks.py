"""Named CHECK constraints of messages and participants.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import (
    check,
    has_visible_character,
    one_of,
    sqlite_flags,
    sqlite_no_nul,
    sqlite_times,
)
from ticket_app.vocabulary import (
    DRAFT_MAX,
    IDEMPOTENCY_KEY_MAX,
    MESSAGE_MAX,
    WRITER_MAX,
    Edge,
    MessageKind,
    Side,
)


def message_checks(table: str = "message") -> list[CheckConstraint]:
    """Return the constraints of a message: visible text, known values, and notes of the team."""
    return [
        *has_visible_character(f"{table}_body_shown", "body"),
        check(f"{table}_body_length", f"length(body) <= {MESSAGE_MAX}"),
        one_of(f"{table}_kind_known", "kind", MessageKind),
        one_of(f"{table}_side_known", "side", Side),
        one_of(f"{table}_channel_known", "channel", Edge),
        check(f"{table}_note_of_team", f"kind <> '{MessageKind.NOTE}' OR side = '{Side.TEAM}'"),
        *sqlite_times(table, "created_at"),
        *sqlite_no_nul(table, "body"),
    ]


def held_message_checks() -> list[CheckConstraint]:
    """Return those of a message for one that is held, and those of its key and its times."""
    return [
        *message_checks("held_message"),
        check("held_message_fingerprint_length", "length(fingerprint) = 64"),
        *sqlite_times("held_message", "due_at"),
        *sqlite_flags("held_message", "resolves"),
    ]


def draft_checks() -> list[CheckConstraint]:
    """Return the constraints of a draft: some text, which need not be one that could be sent."""
    return [
        check("draft_body_length", f"length(body) BETWEEN 1 AND {DRAFT_MAX}"),
        one_of("draft_kind_known", "kind", MessageKind),
        check("draft_key_length", f"length(key) BETWEEN 1 AND {IDEMPOTENCY_KEY_MAX}"),
        check("draft_writer_length", f"length(writer) BETWEEN 1 AND {WRITER_MAX}"),
        check("draft_revision_range", "revision > 0"),
        *sqlite_times("draft", "updated_at"),
        *sqlite_no_nul("draft", "body"),
    ]


def participant_checks() -> list[CheckConstraint]:
    """Require valid times."""
    return [*sqlite_times("ticket_participant", "ticket_created_at", "added_at")]
