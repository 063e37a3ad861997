"""Named CHECK constraints of messages and participants.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import (
    check,
    has_visible_character,
    one_of,
    sqlite_no_nul,
    sqlite_times,
)
from ticket_app.vocabulary import MESSAGE_MAX, Edge, MessageKind, Side


def message_checks() -> list[CheckConstraint]:
    """Return the constraints of a message: visible text, known values, and notes of the team."""
    return [
        *has_visible_character("message_body_shown", "body"),
        check("message_body_length", f"length(body) <= {MESSAGE_MAX}"),
        one_of("message_kind_known", "kind", MessageKind),
        one_of("message_side_known", "side", Side),
        one_of("message_channel_known", "channel", Edge),
        check("message_note_of_team", f"kind <> '{MessageKind.NOTE}' OR side = '{Side.TEAM}'"),
        *sqlite_times("message", "created_at"),
        *sqlite_no_nul("message", "body"),
    ]


def participant_checks() -> list[CheckConstraint]:
    """Require valid times."""
    return [*sqlite_times("ticket_participant", "ticket_created_at", "added_at")]
