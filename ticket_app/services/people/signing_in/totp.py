"""Codes of authenticator apps (TOTP, RFC 6238), and recovery codes: arithmetic, and no database.

SHA-1, six digits and 30 seconds are what every app reads. HMAC does not need more of SHA-1.
"""

import re
import secrets
import unicodedata
from datetime import datetime
from typing import NamedTuple

import segno
from pyotp import TOTP, random_base32
from pyotp.exceptions import OTPVerificationError

from ticket_app.vocabulary import CODE_TYPED_MAX, FACTOR_SECRET_LENGTH

WINDOW = 1
"""Steps of 30 seconds before and after the present one whose codes count: clocks differ."""
RECOVERY_CODES = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's Base32, without the letters that look like digits."""
_LOOKALIKES = str.maketrans({"o": "0", "i": "1", "l": "1"})
_GROUPS, _GROUP = 4, 4
_CODE = re.compile(r"[0-9]{6}")
_RECOVERY_CODE = re.compile(f"[{_ALPHABET}]{{{_GROUPS * _GROUP}}}")


class Typed(NamedTuple):
    """What a person has typed as a code: six digits, or a recovery code, or neither."""

    code: str | None
    recovery_code: str | None


def read_code(typed: str) -> Typed:
    """Returns what was typed, without blanks and hyphens, whatever its case."""
    text = unicodedata.normalize("NFKC", typed[:CODE_TYPED_MAX]).casefold()
    text = "".join(each for each in text if each.isalnum())
    if _CODE.fullmatch(text):
        return Typed(text, None)
    text = text.translate(_LOOKALIKES)
    return Typed(None, text if _RECOVERY_CODE.fullmatch(text) else None)


def new_secret() -> str:
    """Returns 160 random bits in Base32."""
    return random_base32(FACTOR_SECRET_LENGTH)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Returns the step of time whose code this is, within WINDOW of now; None for a wrong one."""
    try:
        return TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=WINDOW)
    except OTPVerificationError:
        return None


def qr_code(secret: str, account: str, issuer: str) -> str:
    """Returns a picture of the secret for a camera, as the data: address of an SVG.

    Dark on light in every theme: many cameras read no other.
    """
    address = TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)
    return segno.make(address, error="m").svg_data_uri(scale=4, light="#fff", dark="#000")


def new_recovery_codes() -> list[str]:
    """Returns RECOVERY_CODES new codes of 80 random bits, in groups that one can read."""
    return ["-".join(_letters(_GROUP) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def _letters(number: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(number))
