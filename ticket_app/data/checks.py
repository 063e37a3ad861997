"""The rules of the tables as named CHECK constraints, built from the vocabulary.

The migrations hold the same rules as frozen text; tests/data/test_schema_drift.py compares the two.
Each expression is plain SQL that SQLite and PostgreSQL both read, unless marked for one of them.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import CheckConstraint

from ticket_app.vocabulary import (
    BLANKS,
    DESCRIPTION_MAX,
    FACETS,
    IDEMPOTENCY_KEY_MAX,
    INVISIBLE,
    LEARNABLE,
    REQUESTER_EMAIL_MAX,
    REQUESTER_NAME_MAX,
    SETTLED,
    TITLE_MAX,
    URGENCY_MAX,
    URGENCY_MIN,
    CallOutcome,
    CallPurpose,
    Category,
    DecidedBy,
    Edge,
    EventKind,
    Priority,
    Sentiment,
    TriageField,
    TriageScope,
    TriageStatus,
    Verdict,
)

SLOTS = 16
"""How many writers PostgreSQL keeps counters for side by side."""
LAST_BUCKET = 1_601
"""Of the times to resolve: see figures/tables.py."""

UNSEEN = "".join(
    f"{chr(max(first, 1))}-{chr(last)}" if last > first else chr(first) for first, last in INVISIBLE
)
"""What is invisible, but NUL, as both engines write it in the brackets of a pattern. To trim a text
by a list of it took PostgreSQL 30 microseconds a rule and statement; the pattern takes 4."""
LINE_ENDS = "\x01-\x1f\x7f-\x9f\u2028-\u2029"
NEVER_IN_ADDRESS = ("@%@", " ", ",", ";", ":", "<", ">", '"', "..")
"""A database cannot know every rule of an address; these patterns find the common mistakes."""


def ticket_checks() -> list[CheckConstraint]:
    """What a ticket may be."""
    return [
        _check("ticket_title_length", f"length({_trimmed('title')}) BETWEEN 1 AND {TITLE_MAX}"),
        *_shown("ticket_title_shown", "title"),
        *_line("ticket_title_line", "title"),
        *_shown("ticket_description_not_blank", "description"),
        _check("ticket_description_length", f"length(description) <= {DESCRIPTION_MAX}"),
        *_facets_known("ticket"),
        _check(
            "ticket_urgency_score_range",
            f"urgency_score BETWEEN {URGENCY_MIN} AND {URGENCY_MAX}",
        ),
        _check(
            "ticket_requester_name_length",
            f"length({_trimmed('requester_name')}) BETWEEN 1 AND {REQUESTER_NAME_MAX}",
        ),
        *_shown("ticket_requester_name_shown", "requester_name"),
        *_line("ticket_requester_name_line", "requester_name"),
        _check(
            "ticket_requester_email_address",
            f"requester_email LIKE '%_@_%' AND length(requester_email) <= {REQUESTER_EMAIL_MAX}"
            + "".join(f" AND requester_email NOT LIKE '%{each}%'" for each in NEVER_IN_ADDRESS),
        ),
        _check(
            "ticket_resolved_at_settled",
            f"(status IN ({_listed(SETTLED)})) = (resolved_at IS NOT NULL)",
        ),
        _check("ticket_version_positive", "version >= 1"),
        _one_of("ticket_triage_status_known", "triage_status", TriageStatus),
        _check("ticket_engine_known", "engine <> ''"),
        _one_of("ticket_category_by_known", "category_by", DecidedBy),
        _one_of("ticket_priority_by_known", "priority_by", DecidedBy),
        *_sqlite_times("ticket", "created_at", "updated_at", "resolved_at", "deleted_at"),
        *_sqlite_no_nul("ticket", "title", "description", "requester_name", "requester_email"),
    ]


def ticket_event_checks() -> list[CheckConstraint]:
    """What a line of history may be: a field is named when, and only when, one was changed."""
    return [
        _one_of("ticket_event_kind_known", "kind", EventKind),
        _one_of("ticket_event_edge_known", "edge", Edge),
        _check(
            "ticket_event_field_changed",
            f"(kind = '{EventKind.CHANGED}') = (field IS NOT NULL)",
        ),
        _check("ticket_event_version_positive", "ticket_version >= 1"),
        *_sqlite_times("ticket_event", "created_at"),
    ]


def suggestion_checks() -> list[CheckConstraint]:
    """What an engine's proposal may be: a known field, with a value that this field may take."""
    enums = {
        TriageField.CATEGORY: Category,
        TriageField.PRIORITY: Priority,
        TriageField.SENTIMENT: Sentiment,
    }
    return [
        _one_of("suggestion_field_known", "field", TriageField),
        *(
            _check(
                f"suggestion_{field}_known",
                f"field <> '{field}' OR value IN ({_listed(values)})",
            )
            for field, values in enums.items()
        ),
        _check("suggestion_value_not_blank", f"{_trimmed('value')} <> ''"),
        _check("suggestion_confidence_range", "confidence BETWEEN 0 AND 1"),
        _check("suggestion_latency_not_negative", "latency_ms >= 0"),
        *_sqlite_times("suggestion", "created_at"),
    ]


def triage_job_checks() -> list[CheckConstraint]:
    """What a ticket that waits for a provider may wait for."""
    return [
        _one_of("triage_job_scope_known", "scope", TriageScope),
        _check("triage_job_attempts_not_negative", "attempts >= 0"),
        _check("triage_job_failures_not_negative", "failures >= 0"),
        _check("triage_job_bad_answers_not_negative", "bad_answers >= 0"),
        *_sqlite_times("triage_job", "due_at", "created_at"),
    ]


def triage_call_checks() -> list[CheckConstraint]:
    """What a line of the ledger may be: what is unknown is NULL, and nothing is negative."""
    counted = {
        "attempt": "attempt",
        "latency": "latency_ms",
        "input_tokens": "input_tokens",
        "output_tokens": "output_tokens",
        "cost": "cost_nano_usd",
    }
    return [
        _one_of("triage_call_purpose_known", "purpose", CallPurpose),
        _one_of("triage_call_outcome_known", "outcome", CallOutcome),
        _check("triage_call_input_hash_length", "length(input_hash) = 64"),
        *(
            _check(f"triage_call_{name}_not_negative", f"{column} >= 0")
            for name, column in counted.items()
        ),
        *_sqlite_times("triage_call", "created_at"),
    ]


def learned_model_checks() -> list[CheckConstraint]:
    """What a lesson may be: only what beats the rules is kept to work with."""
    return [
        _check("learned_model_field_known", f"field IN ({_listed(LEARNABLE)})"),
        _one_of("learned_model_verdict_known", "verdict", Verdict),
        _check("learned_model_examples_positive", "examples >= 1"),
        _check("learned_model_model_better", f"model IS NULL OR verdict = '{Verdict.BETTER}'"),
        *_sqlite_times("learned_model", "created_at"),
    ]


def learning_turn_checks() -> list[CheckConstraint]:
    """What a field's turn to be learned may be."""
    return [
        _check("learning_turn_field_known", f"field IN ({_listed(LEARNABLE)})"),
        _check("learning_turn_decided_not_negative", "decided >= 0"),
        *_sqlite_times("learning_turn", "held_until"),
    ]


def idempotency_key_checks() -> list[CheckConstraint]:
    """What a client may name a request, and what is kept of it."""
    return [
        _check("idempotency_key_key_length", f"length(key) BETWEEN 1 AND {IDEMPOTENCY_KEY_MAX}"),
        _check("idempotency_key_fingerprint_length", "length(fingerprint) = 64"),
        *_sqlite_times("idempotency_key", "created_at"),
        *_sqlite_no_nul("idempotency_key", "key"),
    ]


def ticket_count_checks() -> list[CheckConstraint]:
    """What tickets are counted by."""
    return _facets_known("ticket_count")


def ticket_day_checks() -> list[CheckConstraint]:
    """SQLite has no type for a day: the text must be one."""
    rule = CheckConstraint("date(day) IS day", name="ticket_day_day_date")
    return [rule.ddl_if(dialect="sqlite")]


def ticket_resolution_checks() -> list[CheckConstraint]:
    """The buckets that there are for times to resolve."""
    return [_check("ticket_resolution_bucket_range", f"bucket BETWEEN 0 AND {LAST_BUCKET}")]


def slot_checks(table: str) -> list[CheckConstraint]:
    """Whose row of a counter it may be."""
    return [_check(f"{table}_slot_range", f"slot BETWEEN 0 AND {SLOTS - 1}")]


def _check(name: str, rule: str) -> CheckConstraint:
    return CheckConstraint(rule, name=name)


def _facets_known(table: str) -> list[CheckConstraint]:
    return [_one_of(f"{table}_{field}_known", field, values) for field, values in FACETS.items()]


def _one_of(name: str, column: str, values: type[StrEnum]) -> CheckConstraint:
    return _check(name, f"{column} IN ({_listed(values)})")


def _listed(values: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _trimmed(column: str) -> str:
    return f"trim({column}, '{BLANKS}')"


def _shown(name: str, column: str) -> list[CheckConstraint]:
    rules = {
        "sqlite": f"{column} GLOB '*[^{UNSEEN}]*'",
        "postgresql": f"{column} ~ '[^{UNSEEN}]'",
    }
    return _for_each_dialect(name, rules)


def _line(name: str, column: str) -> list[CheckConstraint]:
    """No control characters within; at the ends, blanks are none."""
    rules = {
        "sqlite": f"{_trimmed(column)} NOT GLOB '*[{LINE_ENDS}]*'",
        "postgresql": f"{_trimmed(column)} !~ '[{LINE_ENDS}]'",
    }
    return _for_each_dialect(name, rules)


def _for_each_dialect(name: str, rules: Mapping[str, str]) -> list[CheckConstraint]:
    return [_check(name, rule).ddl_if(dialect=dialect) for dialect, rule in rules.items()]


def _sqlite_times(table: str, *columns: str) -> list[CheckConstraint]:
    """SQLite has no time type: the text must be a real moment in the one fixed width."""
    return [
        CheckConstraint(
            f"datetime({column}) IS substr({column}, 1, 19) AND length({column}) = 26",
            name=f"{table}_{column}_time",
        ).ddl_if(dialect="sqlite")
        for column in columns
    ]


def _sqlite_no_nul(table: str, *columns: str) -> list[CheckConstraint]:
    """PostgreSQL's text cannot hold a NUL; SQLite's can, and length() would stop at it."""
    return [
        CheckConstraint(f"instr({column}, char(0)) = 0", name=f"{table}_{column}_no_nul").ddl_if(
            dialect="sqlite"
        )
        for column in columns
    ]
