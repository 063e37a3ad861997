"""Which texts are e-mail addresses."""

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

# Names that no public mail server has, such as .local and .test, are an office's or a trial's own.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


@lru_cache(4096)
def is_address(text: str) -> bool:
    """Whether mail could be sent to this, by its form alone: no server is asked.

    Internationalised addresses count, and those of this very machine (ana@localhost). A display
    name, a quoted part before the @ and an IP address behind it do not.
    """
    name, _, domain = text.rpartition("@")
    # The one domain without a period; any other is a slip of the pen.
    checked = f"{name}@example.com" if domain.lower() == LOCAL_HOST else text
    try:
        validate_email(checked, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True


def bare_address(text: str) -> str:
    """The text without what people and programs write around an address: a name, brackets, quotes,
    a comment, `mailto:`. It need not be an address."""
    found = _IN_BRACKETS.search(text)
    bare = (found[1] if found else _COMMENT.sub("", text)).strip(_AROUND)
    if bare.lower().startswith(_SCHEME):
        bare = unquote(bare[len(_SCHEME) :].partition("?")[0]).strip(_AROUND)
    return bare


def composed(address: str) -> str:
    """The address with each accent in its letter: to take it apart makes no other address."""
    return address if address.isascii() else unicodedata.normalize("NFC", address)
