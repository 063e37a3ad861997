"""What a provider of OpenID Connect says of a person, and the role that follows from it."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ticket_app.addresses import composed, folded, is_address
from ticket_app.errors import SignOnProblem, SingleSignOnError
from ticket_app.settings import SingleSignOn
from ticket_app.texts import has_visible_character
from ticket_app.vocabulary import REQUESTER_NAME_MAX, SUBJECT_MAX, Role

ANY_DOMAIN = "*"
ENTRA_HOSTS = frozenset(
    {"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"}
)
"""Hosts of Entra ID, which says `xms_edov` where others say `email_verified`."""


class Claims(NamedTuple):
    """Claims that the desk uses. `email` is folded, and None unless the provider has verified it.

    `name` keeps the rules of a person's name. `groups` are the values of the claim of roles.
    """

    subject: str
    email: str | None
    name: str | None
    groups: frozenset[str]


def read_claims(said: Mapping[str, Any], sso: SingleSignOn) -> Claims:
    """Returns the claims of an ID token that was checked. SingleSignOnError without a subject."""
    subject = said.get("sub")
    is_subject = isinstance(subject, str) and subject.isprintable()
    if not is_subject or not 0 < len(str(subject)) <= SUBJECT_MAX:
        raise SingleSignOnError(SignOnProblem.NOT_BELIEVED)
    return Claims(str(subject), _email(said, sso), _name(said), _groups(said, sso.role_claim))


def role_of(claims: Claims, sso: SingleSignOn) -> Role | None:
    """Returns the highest role of the person's groups, or else that of the domain of the e-mail
    address; None if neither gives one."""
    order = list(Role)
    of_groups = [role for group, role in sso.roles.items() if group in claims.groups]
    if of_groups:
        return max(of_groups, key=order.index)
    if claims.email is None:
        return None
    domain = claims.email.rpartition("@")[2]
    return sso.domains.get(domain, sso.domains.get(ANY_DOMAIN))


def higher(one: Role, other: Role) -> Role:
    """Returns the role that may do more."""
    return max(one, other, key=list(Role).index)


def _email(said: Mapping[str, Any], sso: SingleSignOn) -> str | None:
    email = said.get("email")
    if not isinstance(email, str) or not _is_verified(said, sso):
        return None
    address = composed(email)
    return folded(address) if is_address(address) else None


def _is_verified(said: Mapping[str, Any], sso: SingleSignOn) -> bool:
    """Returns True only for the value true: a text such as "false" is true to a careless reader."""
    if urlsplit(sso.issuer).hostname in ENTRA_HOSTS:
        return said.get("xms_edov") in (True, "1", "true")
    return said.get("email_verified") is True


def _name(said: Mapping[str, Any]) -> str | None:
    name = said.get("name")
    if not isinstance(name, str):
        return None
    line = "".join(filter(str.isprintable, name)).strip()[:REQUESTER_NAME_MAX].strip()
    return line if has_visible_character(line) else None


def _groups(said: Mapping[str, Any], path: str) -> frozenset[str]:
    """Returns the values of a claim: of that name, or else of the members that its dots divide."""
    found: Any = said.get(path)
    if found is None:
        found = said
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = found if isinstance(found, list) else [found]
    return frozenset(each for each in values if isinstance(each, str))
