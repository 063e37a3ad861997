"""E-mail addresses: the check, the extraction from a text, the Unicode form, and the folding."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

import email_validator
from email_validator import EmailNotValidError, validate_email

LOCAL_HOST = "localhost"

_IN_BRACKETS = re.compile(r"<([^<>]*@[^<>]*)>")
_COMMENT = re.compile(r"\s*\([^()]*\)\s*$")
_AROUND = (
    " \t\r\n\xa0<>()[]'\"`,;.:!?\xab\xbb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2039\u203a"
)
_SCHEME = "mailto:"

# No public mail server has a domain such as .local or .test, but an office or a trial may use one.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


@lru_cache(4096)
def is_address(text: str) -> bool:
    """Returns True if the text has the form of an address that accepts mail. No server is asked.

    Internationalised addresses and those of this machine (ana@localhost) count. A display name, a
    quoted local part and an IP address as the domain do not.
    """
    name, _, domain = text.rpartition("@")
    # localhost is the one allowed domain without a period. Any other is a slip of the pen.
    checked = f"{name}@example.com" if domain.lower() == LOCAL_HOST else text
    try:
        validate_email(checked, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True


def bare_address(text: str) -> str:
    """Returns the text without what is written around an address: a name, brackets, quotes, a
    comment, `mailto:`. The result need not be an address."""
    found = _IN_BRACKETS.search(text)
    bare = (found[1] if found else _COMMENT.sub("", text)).strip(_AROUND)
    if bare.lower().startswith(_SCHEME):
        bare = unquote(bare[len(_SCHEME) :].partition("?")[0]).strip(_AROUND)
    return bare


def composed(address: str) -> str:
    """Returns the address in Unicode form NFC, so that two spellings of one address are equal."""
    return address if address.isascii() else unicodedata.normalize("NFC", address)


def spellings(address: str) -> frozenset[str]:
    """Returns the folded address in the Unicode forms NFC and NFD, of which older tickets may have
    either."""
    return frozenset(folded(unicodedata.normalize(form, address)) for form in ("NFC", "NFD"))


def folded(address: str) -> str:
    """Returns the address by which a person is found: in small letters, of the same length.

    Characters are lowered one by one, as PostgreSQL's lower() does. Unicode's case folding would
    take stra\xdfe@example.com and strasse@example.com for one person. So the result keeps every
    rule of the database that the address keeps.
    """
    if address.isascii():
        return address.lower()
    return "".join(_lowered(character) for character in address)


def _lowered(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character
