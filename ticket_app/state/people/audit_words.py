"""Entries of the audit in plain words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Formatter

from ticket_app.schemas.audit import AuditEntryPublic
from ticket_app.theme import ROLE_WORDS
from ticket_app.vocabulary import AuditAction, Who

SENTENCES: Mapping[str, str] = {
    AuditAction.SIGN_IN: "{person} signed in",
    AuditAction.SIGN_IN_FAILED: "Sign-in of {person} failed",
    AuditAction.SIGN_OUT: "{person} signed out",
    AuditAction.SESSION_ENDED: "{actor} ended all sessions of {person}",
    AuditAction.ADMINISTRATOR_CREATED: "{actor} made {person} an administrator",
    AuditAction.INVITED: "{actor} invited {person}",
    AuditAction.RESET_LINK: "{actor} made a link for a new password of {person}",
    AuditAction.PASSWORD_SET: "{actor} set the password of {person}",
    AuditAction.PASSWORD_CHANGED: "{person} changed their password",
    AuditAction.RENAMED: "{actor} changed the name of {person}",
    AuditAction.ROLE_CHANGED: "{actor} changed the role of {person}",
    AuditAction.DEACTIVATED: "{actor} deactivated {person}",
    AuditAction.ACTIVATED: "{actor} activated {person}",
    AuditAction.TOKEN_MADE: "{actor} made an API token for {person}",
    AuditAction.TOKEN_REVOKED: "{actor} revoked an API token of {person}",
    AuditAction.TICKET_DELETED: "{actor} deleted ticket {ticket}",
    AuditAction.TICKET_RESTORED: "{actor} restored ticket {ticket}",
    AuditAction.TICKETS_PURGED: "{actor} removed deleted tickets for good",
    AuditAction.REQUESTER_ERASED: "{actor} erased the data of {person}",
    AuditAction.SECOND_FACTOR_SET: "{person} set up a second factor",
    AuditAction.SECOND_FACTOR_REMOVED: "{actor} removed the second factor of {person}",
    AuditAction.SECOND_FACTOR_FAILED: "Sign-in of {person} failed",
    AuditAction.RECOVERY_CODES_MADE: "{person} made new recovery codes",
    AuditAction.RECOVERY_CODE_USED: "{person} used up a recovery code",
    AuditAction.IDENTITY_LINKED: "{person} linked an account of the provider",
    AuditAction.IDENTITY_UNLINKED: "{actor} unlinked the account of {person} at the provider",
}
"""What an entry says. The detail follows after a colon."""
OF_ONESELF: Mapping[str, str] = {
    AuditAction.SESSION_ENDED: "{person} ended all their other sessions",
    AuditAction.RENAMED: "{person} changed their name",
    AuditAction.TOKEN_MADE: "{person} made an API token",
    AuditAction.TOKEN_REVOKED: "{person} revoked an API token",
    AuditAction.SIGN_IN_FAILED: "{person} failed to prove who they are",
    AuditAction.SECOND_FACTOR_REMOVED: "{person} removed their second factor",
    AuditAction.IDENTITY_UNLINKED: "{person} unlinked their account at the provider",
}
"""What it says instead if the person acted upon themselves."""
ONE_SESSION = "{person} ended one of their sessions"
WITHOUT_ACTOR: Mapping[str, str] = {
    AuditAction.PASSWORD_SET: "{person} set a password by a link",
    AuditAction.ROLE_CHANGED: "The role of {person} has changed",
}
"""What it says if nobody who had signed in acted: the holder of a link, or an identity provider."""
WITHOUT_PERSON: Mapping[str, str] = {
    AuditAction.SIGN_IN_FAILED: "Sign-in failed",
    AuditAction.REQUESTER_ERASED: "{actor} erased the data of a requester",
}
"""What it says if it is about nobody known."""

SOMEBODY, OPERATOR, THE_DESK = "Somebody", "The operator", "The desk"
"""Who acted, where no person is known."""


@dataclass(frozen=True)
class Part:
    """A part of a sentence. A name looks different, so that no name can pass for a sentence."""

    text: str
    is_name: bool = False


def sentence_parts(entry: AuditEntryPublic) -> list[Part]:
    """Returns what the entry tells, in parts."""
    return [*_filled(_template(entry), entry), *_detail(entry)]


def _template(entry: AuditEntryPublic) -> str:
    action = entry.action
    is_own = entry.actor_id is not None and entry.actor_id == entry.person_id
    if action == AuditAction.SESSION_ENDED and is_own and entry.detail:
        return ONE_SESSION
    if entry.actor_id is None and entry.who is Who.ANYONE and action in WITHOUT_ACTOR:
        return WITHOUT_ACTOR[action]
    if entry.person_id is None and action in WITHOUT_PERSON:
        return WITHOUT_PERSON[action]
    if is_own and action in OF_ONESELF:
        return OF_ONESELF[action]
    if action in SENTENCES:
        return SENTENCES[action]
    about = " ({person})" if entry.person_id is not None else ""
    return "{actor}: " + action.replace("_", " ") + about  # of a later version


def _filled(template: str, entry: AuditEntryPublic) -> Iterator[Part]:
    for text, field, _, _ in Formatter().parse(template):
        if text:
            yield Part(text)
        if field == "ticket":
            yield Part(f"#{entry.ticket_id}")
        elif field is not None:
            yield Part(_actor(entry) if field == "actor" else _person(entry), is_name=True)


def _actor(entry: AuditEntryPublic) -> str:
    known = {Who.COMMAND: OPERATOR, Who.TRIAGE: THE_DESK}
    return entry.actor_name or known.get(entry.who, SOMEBODY)


def _person(entry: AuditEntryPublic) -> str:
    return entry.person_name or SOMEBODY


def _detail(entry: AuditEntryPublic) -> Iterator[Part]:
    if not entry.detail or entry.action == AuditAction.SESSION_ENDED:
        return
    words = {str(role): word for role, word in ROLE_WORDS.items()}
    if entry.action == AuditAction.INVITED:
        yield Part(f" as {words.get(entry.detail, entry.detail).lower()}")
    elif entry.action == AuditAction.ROLE_CHANGED:
        change, comma, how = entry.detail.partition(", ")
        before, _, after = change.partition(" -> ")
        yield Part(f": {words.get(before, before)} → {words.get(after, after)}{comma}{how}")
    else:
        yield Part(f": {entry.detail}")
