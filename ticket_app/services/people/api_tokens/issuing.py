"""Makes, lists and revokes API tokens. A token is shown once, and the database has its digest."""

from datetime import timedelta

from sqlmodel import Session

from ticket_app.actor import Actor
from ticket_app.data.engine import read_transaction, write_transaction
from ticket_app.data.people import accounts
from ticket_app.data.people import api_tokens as stored
from ticket_app.data.people.tables import ApiToken
from ticket_app.data.postgresql.timeouts import QUICK
from ticket_app.errors import (
    FieldProblem,
    InvalidInputError,
    NoAccountsError,
    PersonInactiveError,
    PersonNotFoundError,
    TokenNotFoundError,
    TooManyTokensError,
)
from ticket_app.schemas.people import TokenCreate, TokenCreated, TokenPublic
from ticket_app.services.people import identity
from ticket_app.services.people.audit import audit, audit_own
from ticket_app.services.people.permission import Verb, require
from ticket_app.services.people.tokens import digest, new_api_token
from ticket_app.vocabulary import AuditAction, Role, TokenScope

TOKENS_MAX = 50
"""Tokens of one person, those that have expired included."""
SHOWN_EXPIRED = timedelta(days=30)
"""Time for which the owner of an expired token sees that it has expired."""
EXPIRED_AT_ONCE = 500


def make_own_token(actor: Actor, new: TokenCreate) -> TokenCreated:
    """Makes a token of the person who acts. Raises TooManyTokensError, TooManyRequestsError for
    someone who makes them all the time, and InvalidInputError for the scope `admin` without the
    role of an administrator."""
    require(actor, Verb.USE_ACCOUNT)
    return _make(actor, actor.identity.person_id or 0, new)


def make_token_for(actor: Actor, person_id: int, new: TokenCreate) -> TokenCreated:
    """As `make_own_token`, for another person. Raises PersonNotFoundError and PersonInactiveError,
    and NoAccountsError while the desk is open and no token is read."""
    require(actor, Verb.OPERATE)
    return _make(actor, person_id, new)


def own_tokens(actor: Actor) -> list[TokenPublic]:
    """Returns the tokens of the person who acts, the newest first, TOKENS_MAX at most."""
    require(actor, Verb.USE_ACCOUNT)
    return _listed(actor.identity.person_id or 0)


def tokens_of(actor: Actor, person_id: int) -> list[TokenPublic]:
    """As `own_tokens`, of another person. It is empty if there is no such person."""
    require(actor, Verb.MANAGE_TOKENS)
    return _listed(person_id)


def revoke_own_token(actor: Actor, token_id: int) -> None:
    """Revokes a token of the person who acts. Raises TokenNotFoundError."""
    require(actor, Verb.USE_ACCOUNT)
    _revoke(actor, actor.identity.person_id or 0, token_id)


def revoke_token_of(actor: Actor, person_id: int, token_id: int) -> None:
    """Revokes a token of another person. Raises TokenNotFoundError."""
    require(actor, Verb.MANAGE_TOKENS)
    _revoke(actor, person_id, token_id)


def _listed(person_id: int) -> list[TokenPublic]:
    with read_transaction(QUICK) as session:
        found = stored.tokens_of(session, person_id, limit=TOKENS_MAX)
        return [TokenPublic.model_validate(each) for each in found]


def _revoke(actor: Actor, person_id: int, token_id: int) -> None:
    with write_transaction(QUICK) as session:
        if (gone := stored.remove(session, person_id, token_id)) is None:
            raise TokenNotFoundError(token_id)
        done, detail = AuditAction.TOKEN_REVOKED, _words(token_id, gone.scope)
        audit(session, actor, done, person_id=person_id, detail=detail)
    identity.forget(identity.key_of_token(gone.key))


def expire_tokens(actor: Actor) -> bool:
    """Deletes up to EXPIRED_AT_ONCE tokens that expired SHOWN_EXPIRED ago; returns True if more may
    exist."""
    require(actor, Verb.OPERATE)
    with write_transaction() as session:
        until = actor.at - SHOWN_EXPIRED
        return stored.remove_expired(session, until, limit=EXPIRED_AT_ONCE) == EXPIRED_AT_ONCE


def _make(actor: Actor, person_id: int, new: TokenCreate) -> TokenCreated:
    token = new_api_token()
    with write_transaction(QUICK) as session:
        _require_owner(session, person_id, new.scope)
        if stored.count_of(session, person_id) >= TOKENS_MAX:
            raise TooManyTokensError(TOKENS_MAX)
        row = ApiToken(
            key=digest(token),
            person_id=person_id,
            name=new.name,
            scope=new.scope,
            created_at=actor.at,
            expires_at=actor.at + timedelta(days=new.days),
        )
        session.add(row)
        session.flush()
        done, detail = AuditAction.TOKEN_MADE, _words(row.id, row.scope)
        if person_id == actor.identity.person_id:
            audit_own(session, actor, done, person_id, detail=detail)
        else:
            audit(session, actor, done, person_id=person_id, detail=detail)
        public = TokenPublic.model_validate(row)
    return TokenCreated(**public.model_dump(), token=token)


def _words(token_id: int | None, scope: str) -> str:
    """Returns what the audit says of a token: its number, because a name is a text of its owner."""
    return f"#{token_id} ({scope})"


def _require_owner(session: Session, person_id: int, scope: TokenScope) -> None:
    """Raises an error unless the person may have a token of this scope. Takes the lock of accounts,
    so that of two at once none goes beyond TOKENS_MAX."""
    if accounts.lock_desk(session).accounts_since is None:
        raise NoAccountsError
    if (person := accounts.find_person(session, person_id)) is None:
        raise PersonNotFoundError(person_id)
    if not person.active:
        raise PersonInactiveError(person.email or person.name)
    if scope is TokenScope.ADMIN and person.role != Role.ADMINISTRATOR:
        sentence = "Only an administrator has tokens of this scope. Use read or write."
        raise InvalidInputError([FieldProblem("scope", sentence)])
