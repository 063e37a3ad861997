"""The rules for a new password, as NIST SP 800-63B-4 has them: long, and hard to guess.

A password alone opens the desk, so it has 15 characters or more. There are no rules about capitals,
digits or signs, which make passwords harder to remember and no harder to guess. Every character of
Unicode counts as one.
"""

import re
import unicodedata

from ticket_app.errors import FieldProblem, InvalidInputError
from ticket_app.services.people.signing_in.passwords import TYPED_MAX
from ticket_app.vocabulary import PASSWORD_MAX, PASSWORD_MIN

REST_MIN = 8
"""Characters that remain of a good password without the words that everybody tries first."""
WORD_MIN = 3
"""A shorter part of a name stands in many good passwords."""
COMMON = (
    *("correcthorsebatterystaple", "administrator", "supportdesk", "password", "passwort"),
    *("iloveyou", "changeme", "letmein", "welcome", "qwerty", "admin", "secret", "login"),
)
_ROWS = (
    *("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm"),
    *("qwertzuiopasdfghjklyxcvbnm", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"),
)
_RUNS = tuple(turned * PASSWORD_MAX for row in _ROWS for turned in (row, row[::-1]))

_SHORT = (
    f"Choose {PASSWORD_MIN} characters or more. Four words that have nothing to do with each other "
    "are easy to remember."
)
_LONG = f"Choose {PASSWORD_MAX} characters or fewer."
_EASY = (
    "This is easy to guess: without common words, your name and your address, little is left of "
    "it, or it repeats itself. Choose for example four words that have nothing to do with each "
    "other."
)


def require_good_password(password: str, *, name: str, email: str | None) -> None:
    """Raise InvalidInputError, which never contains the password, if it breaks a rule.

    `name` and `email` are the person's own.
    """
    if problem := _problem(password, name, email):
        raise InvalidInputError([FieldProblem("password", problem)])


def _problem(password: str, name: str, email: str | None) -> str | None:
    if len(password) > TYPED_MAX:
        return _LONG
    length = len(unicodedata.normalize("NFKC", password))
    if length < PASSWORD_MIN:
        return _SHORT
    if length > PASSWORD_MAX:
        return _LONG
    rest = _folded(password)
    for word in sorted({*COMMON, *_own_words(name, email)}, key=len, reverse=True):
        rest = rest.replace(word, "")
    return _EASY if len(rest) < REST_MIN or _repeats(rest) else None


def _own_words(name: str, email: str | None) -> set[str]:
    words = re.split(r"[\W_]+", f"{name} {email or ''}")
    return {_folded(word) for word in words if len(word) >= WORD_MIN}


def _folded(text: str) -> str:
    """Return the text without blanks, and without the difference between capitals and others."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text).casefold())


def _repeats(text: str) -> bool:
    """Return True for a row of the keyboard, the alphabet or digits, and for a short repetition."""
    if any(text in run for run in _RUNS):
        return True
    return any(text[step:] == text[:-step] for step in range(1, REST_MIN))
