"""Named CHECK constraints of the triage's tables.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import (
    check,
    has_visible_character,
    listed,
    one_of,
    sqlite_no_nul,
    sqlite_times,
    trimmed,
)
from ticket_app.vocabulary import (
    LEARNABLE,
    MESSAGE_MAX,
    CallOutcome,
    CallPurpose,
    Category,
    DraftOutcome,
    Priority,
    Sentiment,
    TriageField,
    TriageScope,
    Verdict,
)


def suggestion_checks() -> list[CheckConstraint]:
    """Require a known field, a value that this field may have, and a confidence from 0 to 1."""
    enums = {
        TriageField.CATEGORY: Category,
        TriageField.PRIORITY: Priority,
        TriageField.SENTIMENT: Sentiment,
    }
    return [
        one_of("suggestion_field_known", "field", TriageField),
        *(
            check(
                f"suggestion_{field}_known",
                f"field <> '{field}' OR value IN ({listed(values)})",
            )
            for field, values in enums.items()
        ),
        check("suggestion_value_not_blank", f"{trimmed('value')} <> ''"),
        check("suggestion_confidence_range", "confidence BETWEEN 0 AND 1"),
        check("suggestion_latency_not_negative", "latency_ms >= 0"),
        *sqlite_times("suggestion", "created_at"),
    ]


def triage_job_checks() -> list[CheckConstraint]:
    """Require a known scope and counts that are not negative."""
    return [
        one_of("triage_job_scope_known", "scope", TriageScope),
        check("triage_job_attempts_not_negative", "attempts >= 0"),
        check("triage_job_failures_not_negative", "failures >= 0"),
        check("triage_job_bad_answers_not_negative", "bad_answers >= 0"),
        *sqlite_times("triage_job", "due_at", "created_at"),
    ]


def triage_call_checks() -> list[CheckConstraint]:
    """Require a known purpose and outcome, and no negative number; an unknown number is NULL."""
    counted = {
        "attempt": "attempt",
        "latency": "latency_ms",
        "input_tokens": "input_tokens",
        "output_tokens": "output_tokens",
        "cost": "cost_nano_usd",
    }
    return [
        one_of("triage_call_purpose_known", "purpose", CallPurpose),
        one_of("triage_call_outcome_known", "outcome", CallOutcome),
        check("triage_call_input_hash_length", "length(input_hash) = 64"),
        *(
            check(f"triage_call_{name}_not_negative", f"{column} >= 0")
            for name, column in counted.items()
        ),
        *sqlite_times("triage_call", "created_at"),
    ]


def learned_model_checks() -> list[CheckConstraint]:
    """Require known values; only a lesson that is better than the rules may have a model."""
    return [
        check("learned_model_field_known", f"field IN ({listed(LEARNABLE)})"),
        one_of("learned_model_verdict_known", "verdict", Verdict),
        check("learned_model_examples_positive", "examples >= 1"),
        check("learned_model_model_better", f"model IS NULL OR verdict = '{Verdict.BETTER}'"),
        *sqlite_times("learned_model", "created_at"),
    ]


def learning_turn_checks() -> list[CheckConstraint]:
    """Require a known field and a count that is not negative."""
    return [
        check("learning_turn_field_known", f"field IN ({listed(LEARNABLE)})"),
        check("learning_turn_decided_not_negative", "decided >= 0"),
        *sqlite_times("learning_turn", "held_until"),
    ]


def drafted_reply_checks() -> list[CheckConstraint]:
    """Require a text that could be a message, and an outcome with what belongs to it."""
    is_edited = f"outcome = '{DraftOutcome.EDITED}'"
    is_sent = f"outcome <> '{DraftOutcome.THROWN_AWAY}'"
    return [
        *has_visible_character("drafted_reply_body_shown", "body"),
        check("drafted_reply_body_length", f"length(body) <= {MESSAGE_MAX}"),
        *sqlite_no_nul("drafted_reply", "body"),
        check("drafted_reply_latency_not_negative", "latency_ms >= 0"),
        one_of("drafted_reply_outcome_known", "outcome", DraftOutcome),
        check("drafted_reply_share_range", "share_changed BETWEEN 0 AND 1"),
        check(
            "drafted_reply_share_of_edited",
            f"(share_changed IS NOT NULL) = (outcome IS NOT NULL AND {is_edited})",
        ),
        check(
            "drafted_reply_sent_once",
            f"(held_id IS NULL AND message_id IS NULL) OR (outcome IS NOT NULL AND {is_sent} "
            "AND (held_id IS NULL OR message_id IS NULL))",
        ),
        *sqlite_times("drafted_reply", "created_at"),
    ]
