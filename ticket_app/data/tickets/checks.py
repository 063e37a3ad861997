"""The rules of tickets, their history and idempotency keys, as named CHECK constraints.

The migrations hold the same rules as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.rules import (
    check,
    facets_known,
    listed,
    one_line,
    one_of,
    shown,
    sqlite_no_nul,
    sqlite_times,
    trimmed,
)
from ticket_app.vocabulary import (
    DESCRIPTION_MAX,
    IDEMPOTENCY_KEY_MAX,
    REQUESTER_EMAIL_MAX,
    REQUESTER_NAME_MAX,
    SETTLED,
    TITLE_MAX,
    URGENCY_MAX,
    URGENCY_MIN,
    DecidedBy,
    Edge,
    EventKind,
    TriageStatus,
)

NEVER_IN_ADDRESS = ("@%@", " ", ",", ";", ":", "<", ">", '"', "..")
"""A database cannot know every rule of an address; these patterns find the common mistakes."""


def ticket_checks() -> list[CheckConstraint]:
    """What a ticket may be."""
    return [
        check("ticket_title_length", f"length({trimmed('title')}) BETWEEN 1 AND {TITLE_MAX}"),
        *shown("ticket_title_shown", "title"),
        *one_line("ticket_title_line", "title"),
        *shown("ticket_description_not_blank", "description"),
        check("ticket_description_length", f"length(description) <= {DESCRIPTION_MAX}"),
        *facets_known("ticket"),
        check(
            "ticket_urgency_score_range",
            f"urgency_score BETWEEN {URGENCY_MIN} AND {URGENCY_MAX}",
        ),
        check(
            "ticket_requester_name_length",
            f"length({trimmed('requester_name')}) BETWEEN 1 AND {REQUESTER_NAME_MAX}",
        ),
        *shown("ticket_requester_name_shown", "requester_name"),
        *one_line("ticket_requester_name_line", "requester_name"),
        check(
            "ticket_requester_email_address",
            f"requester_email LIKE '%_@_%' AND length(requester_email) <= {REQUESTER_EMAIL_MAX}"
            + "".join(f" AND requester_email NOT LIKE '%{each}%'" for each in NEVER_IN_ADDRESS),
        ),
        check(
            "ticket_resolved_at_settled",
            f"(status IN ({listed(SETTLED)})) = (resolved_at IS NOT NULL)",
        ),
        check("ticket_version_positive", "version >= 1"),
        one_of("ticket_triage_status_known", "triage_status", TriageStatus),
        check("ticket_engine_known", "engine <> ''"),
        one_of("ticket_category_by_known", "category_by", DecidedBy),
        one_of("ticket_priority_by_known", "priority_by", DecidedBy),
        *sqlite_times("ticket", "created_at", "updated_at", "resolved_at", "deleted_at"),
        *sqlite_no_nul("ticket", "title", "description", "requester_name", "requester_email"),
    ]


def ticket_event_checks() -> list[CheckConstraint]:
    """What a line of history may be: a field is named when, and only when, one was changed."""
    return [
        one_of("ticket_event_kind_known", "kind", EventKind),
        one_of("ticket_event_edge_known", "edge", Edge),
        check(
            "ticket_event_field_changed",
            f"(kind = '{EventKind.CHANGED}') = (field IS NOT NULL)",
        ),
        check("ticket_event_version_positive", "ticket_version >= 1"),
        *sqlite_times("ticket_event", "created_at"),
    ]


def idempotency_key_checks() -> list[CheckConstraint]:
    """What a client may name a request, and what is kept of it."""
    return [
        check("idempotency_key_key_length", f"length(key) BETWEEN 1 AND {IDEMPOTENCY_KEY_MAX}"),
        check("idempotency_key_fingerprint_length", "length(fingerprint) = 64"),
        *sqlite_times("idempotency_key", "created_at"),
        *sqlite_no_nul("idempotency_key", "key"),
    ]
