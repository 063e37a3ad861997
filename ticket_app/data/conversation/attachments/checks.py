"""Named CHECK constraints of attachments.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import (
    check,
    has_visible_character,
    one_line,
    one_of,
    sqlite_flags,
    sqlite_no_nul,
    sqlite_times,
)
from ticket_app.vocabulary import ATTACHMENT_NAME_MAX, DIGEST_LENGTH, MEDIA_TYPE_MAX, MessageKind


def attachment_checks() -> list[CheckConstraint]:
    """Return the constraints of an attachment: a name on one line, a size and a digest."""
    return [
        *has_visible_character("attachment_name_shown", "name"),
        *one_line("attachment_name_line", "name"),
        check("attachment_name_length", f"length(name) <= {ATTACHMENT_NAME_MAX}"),
        check("attachment_media_type_length", f"length(media_type) <= {MEDIA_TYPE_MAX}"),
        check("attachment_size_range", "size > 0"),
        check("attachment_sha256_length", f"length(sha256) = {DIGEST_LENGTH}"),
        one_of("attachment_kind_known", "kind", MessageKind),
        *sqlite_flags("attachment", "by_link"),
        *sqlite_times("attachment", "created_at"),
        *sqlite_no_nul("attachment", "name"),
    ]


def loose_file_checks() -> list[CheckConstraint]:
    """Require a digest and a valid time."""
    return [
        check("loose_file_sha256_length", f"length(sha256) = {DIGEST_LENGTH}"),
        *sqlite_times("loose_file", "since"),
    ]
