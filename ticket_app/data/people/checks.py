"""Named CHECK constraints of people.

The migrations repeat them as frozen text; tests/data/test_schema_drift.py compares the two.
"""

from sqlalchemy import CheckConstraint

from ticket_app.data.constraints import (
    address,
    check,
    has_visible_character,
    one_line,
    one_of,
    sqlite_flags,
    sqlite_no_nul,
    sqlite_times,
    trimmed,
)
from ticket_app.vocabulary import (
    AUDIT_ACTION_MAX,
    AUDIT_DETAIL_MAX,
    CLIENT_ADDRESS_MAX,
    FACTOR_SECRET_LENGTH,
    ISSUER_MAX,
    PERSON_TERM_MAX,
    REQUESTER_NAME_MAX,
    SUBJECT_MAX,
    TOKEN_NAME_MAX,
    USER_AGENT_MAX,
    Edge,
    LinkPurpose,
    Role,
    TokenScope,
    Who,
)


def person_checks() -> list[CheckConstraint]:
    """Return the constraints of a person: the name and address of a requester, known values."""
    return [
        check(
            "person_name_length", f"length({trimmed('name')}) BETWEEN 1 AND {REQUESTER_NAME_MAX}"
        ),
        *has_visible_character("person_name_shown", "name"),
        *one_line("person_name_line", "name"),
        check("person_email_address", address("email")),
        *_folded("email"),
        one_of("person_role_known", "role", Role),
        *sqlite_flags("person", "active"),
        *sqlite_times("person", "created_at", "updated_at"),
        *sqlite_no_nul("person", "name", "email"),
    ]


def _folded(column: str) -> list[CheckConstraint]:
    """Refuse capitals of ASCII. Case beyond ASCII differs by database and Unicode's version."""
    name = f"person_{column}_folded"
    return [
        check(name, f"{column} NOT GLOB '*[A-Z]*'").ddl_if(dialect="sqlite"),
        check(name, f"{column} !~ '[A-Z]'").ddl_if(dialect="postgresql"),
    ]


def person_term_checks() -> list[CheckConstraint]:
    """Bound the length, because an index of PostgreSQL has no room for any text."""
    return [
        check("person_term_length", f"length(term) BETWEEN 1 AND {PERSON_TERM_MAX}"),
        *sqlite_no_nul("person_term", "term"),
    ]


def credential_checks() -> list[CheckConstraint]:
    """Require an encoded argon2id hash."""
    return [
        check("credential_hash_form", "password_hash LIKE '$argon2id$%'"),
        *sqlite_times("credential", "updated_at"),
        *sqlite_no_nul("credential", "password_hash"),
    ]


def person_session_checks() -> list[CheckConstraint]:
    """Require a digest as the key, and bound what a client says of itself."""
    return [
        _digest("person_session"),
        check("person_session_client_length", f"length(client_address) <= {CLIENT_ADDRESS_MAX}"),
        check("person_session_agent_length", f"length(user_agent) <= {USER_AGENT_MAX}"),
        check("person_session_expires_later", "expires_at > created_at"),
        *sqlite_flags("person_session", "by_provider"),
        *sqlite_times("person_session", "created_at", "last_seen_at", "expires_at"),
        *sqlite_no_nul("person_session", "client_address", "user_agent"),
    ]


def second_factor_checks() -> list[CheckConstraint]:
    """Require a secret of 160 bits in Base32."""
    return [
        check("second_factor_secret_length", f"length(secret) = {FACTOR_SECRET_LENGTH}"),
        check("second_factor_step_counted", "last_step >= 0"),
        *sqlite_times("second_factor", "confirmed_at", "created_at"),
        *sqlite_no_nul("second_factor", "secret"),
    ]


def recovery_code_checks() -> list[CheckConstraint]:
    """Require a digest as the key."""
    return [_digest("recovery_code")]


def sign_in_step_checks() -> list[CheckConstraint]:
    """Require a digest as the key, and an end."""
    return [
        _digest("sign_in_step"),
        check("sign_in_step_failures_counted", "failures >= 0"),
        check("sign_in_step_expires_later", "expires_at > created_at"),
        *sqlite_times("sign_in_step", "created_at", "expires_at"),
    ]


def person_identity_checks() -> list[CheckConstraint]:
    """Bound what a provider calls itself and its people."""
    return [
        check("person_identity_issuer_length", f"length(issuer) BETWEEN 1 AND {ISSUER_MAX}"),
        check("person_identity_subject_length", f"length(subject) BETWEEN 1 AND {SUBJECT_MAX}"),
        *sqlite_times("person_identity", "created_at"),
        *sqlite_no_nul("person_identity", "issuer", "subject"),
    ]


def account_link_checks() -> list[CheckConstraint]:
    """Require a digest as the key, a known purpose, and an end."""
    return [
        _digest("account_link"),
        one_of("account_link_purpose_known", "purpose", LinkPurpose),
        check("account_link_expires_later", "expires_at > created_at"),
        *sqlite_times("account_link", "created_at", "expires_at"),
    ]


def api_token_checks() -> list[CheckConstraint]:
    """Require a digest as the key, a name, a known scope, and an end."""
    return [
        _digest("api_token"),
        check("api_token_name_length", f"length(name) BETWEEN 1 AND {TOKEN_NAME_MAX}"),
        one_of("api_token_scope_known", "scope", TokenScope),
        check("api_token_expires_later", "expires_at > created_at"),
        *sqlite_times("api_token", "created_at", "expires_at", "last_used_at"),
        *sqlite_no_nul("api_token", "name"),
    ]


def sign_in_failure_checks() -> list[CheckConstraint]:
    """Require a digest as the key and at least one failure."""
    return [
        _digest("sign_in_failure"),
        check("sign_in_failure_counted", "failures >= 1"),
        *sqlite_times("sign_in_failure", "window_started_at"),
    ]


def audit_entry_checks() -> list[CheckConstraint]:
    """Require who acted and by which edge, a word as the action, and bounded texts."""
    return [
        one_of("audit_entry_who_known", "who", Who),
        one_of("audit_entry_edge_known", "edge", Edge),
        check("audit_entry_action_length", f"length(action) BETWEEN 1 AND {AUDIT_ACTION_MAX}"),
        check("audit_entry_action_word", "action NOT GLOB '*[^a-z_]*'").ddl_if(dialect="sqlite"),
        check("audit_entry_action_word", "action !~ '[^a-z_]'").ddl_if(dialect="postgresql"),
        check("audit_entry_client_length", f"length(client_address) <= {CLIENT_ADDRESS_MAX}"),
        check("audit_entry_detail_length", f"length(detail) <= {AUDIT_DETAIL_MAX}"),
        *sqlite_times("audit_entry", "created_at"),
        *sqlite_no_nul("audit_entry", "action", "client_address", "detail"),
    ]


def handover_checks() -> list[CheckConstraint]:
    """Require who acted and by which edge, and another person than the one who leaves."""
    return [
        one_of("handover_who_known", "who", Who),
        one_of("handover_edge_known", "edge", Edge),
        check("handover_to_another", "to_id <> person_id"),
        *sqlite_times("handover", "created_at"),
    ]


def desk_fact_checks() -> list[CheckConstraint]:
    """Allow one row, with a secret of 256 bits."""
    return [
        check("desk_fact_one_row", "id = 1"),
        check("desk_fact_secret_length", "length(link_secret) = 64"),
        *sqlite_times("desk_fact", "accounts_since"),
    ]


def _digest(table: str) -> CheckConstraint:
    return check(f"{table}_key_length", "length(key) = 64")
