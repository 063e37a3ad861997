"""Named CHECK constraints of tickets, their history and idempotency keys.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import (
    address,
    check,
    facets_known,
    has_visible_character,
    listed,
    one_line,
    one_of,
    sqlite_no_nul,
    sqlite_times,
    trimmed,
)
from ticket_app.vocabulary import (
    DESCRIPTION_MAX,
    IDEMPOTENCY_KEY_MAX,
    REQUESTER_NAME_MAX,
    SETTLED,
    TITLE_MAX,
    URGENCY_MAX,
    URGENCY_MIN,
    DecidedBy,
    Edge,
    EventKind,
    TriageStatus,
    Who,
)


def ticket_checks() -> list[CheckConstraint]:
    """Return the constraints of a ticket: lengths, visible text, known values, valid times."""
    return [
        check("ticket_title_length", f"length({trimmed('title')}) BETWEEN 1 AND {TITLE_MAX}"),
        *has_visible_character("ticket_title_shown", "title"),
        *one_line("ticket_title_line", "title"),
        *has_visible_character("ticket_description_not_blank", "description"),
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
        *has_visible_character("ticket_requester_name_shown", "requester_name"),
        *one_line("ticket_requester_name_line", "requester_name"),
        check("ticket_requester_email_address", address("requester_email")),
        check(
            "ticket_resolved_at_settled",
            f"(status IN ({listed(SETTLED)})) = (resolved_at IS NOT NULL)",
        ),
        check(
            "ticket_waiting_unsettled",
            f"waiting_since IS NULL OR status NOT IN ({listed(SETTLED)})",
        ),
        check("ticket_version_positive", "version >= 1"),
        one_of("ticket_triage_status_known", "triage_status", TriageStatus),
        check("ticket_engine_known", "engine <> ''"),
        one_of("ticket_category_by_known", "category_by", DecidedBy),
        one_of("ticket_priority_by_known", "priority_by", DecidedBy),
        *sqlite_times("ticket", "created_at", "updated_at", "resolved_at", "deleted_at"),
        *sqlite_times("ticket", "waiting_since", "first_responded_at"),
        *sqlite_no_nul("ticket", "title", "description", "requester_name", "requester_email"),
    ]


def ticket_event_checks() -> list[CheckConstraint]:
    """Require known values, and a field if and only if the event is a change of a field."""
    return [
        one_of("ticket_event_kind_known", "kind", EventKind),
        one_of("ticket_event_edge_known", "edge", Edge),
        one_of("ticket_event_actor_known", "actor", Who),
        check(
            "ticket_event_field_changed",
            f"(kind = '{EventKind.CHANGED}') = (field IS NOT NULL)",
        ),
        check("ticket_event_version_positive", "ticket_version >= 1"),
        *sqlite_times("ticket_event", "created_at"),
    ]


def idempotency_key_checks() -> list[CheckConstraint]:
    """Return the constraints of a key, of its fingerprint and of its time."""
    return [
        check("idempotency_key_key_length", f"length(key) BETWEEN 1 AND {IDEMPOTENCY_KEY_MAX}"),
        check("idempotency_key_fingerprint_length", "length(fingerprint) = 64"),
        *sqlite_times("idempotency_key", "created_at"),
        *sqlite_no_nul("idempotency_key", "key"),
    ]
