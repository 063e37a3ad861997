"""Hashes of passwords, by argon2id in two threads of their own.

The parameters are those that OWASP's cheat sheet on password storage recommends: 19 MiB, two
passes, one lane. A hash takes 20 to 30 ms of one core. So a process does some 70 a second and
takes 38 MiB for them, however many people sign in at once. More memory would make a guess dearer
for an attacker, and an attack on the sign-in dearer for the desk.
"""

import unicodedata
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from ticket_app.services.bulkhead import Bulkhead
from ticket_app.vocabulary import PASSWORD_MAX

TYPED_MAX = 4 * PASSWORD_MAX
"""Characters of a password before its normalization, which composes up to four into one."""

HASHING = Bulkhead("passwords", 2)
"""Sign-ins and new passwords. An argon2id hash needs no interpreter, so other work goes on."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$AkF2WQ7/Urx+Jrn2dVl9OA$xxQahSMuoce7zB1NGFUDGGmWWiw2q6sHxx9SomE2kvc"  # noqa: E501  # of 32 random bytes
"""Compared if there is no account, so that an unknown address takes as long as a known one."""


async def hash_password(password: str) -> str:
    """Return the argon2id hash of a password that has passed `require_good_password`.

    The hash is a text of 97 ASCII characters with its parameters and salt. BusyError if no thread
    is free in time.
    """
    return await HASHING.do(partial(_HASHER.hash, _normalized(password)))


async def verify_password(password: str, stored: str | None) -> bool:
    """Return True if `stored` is the hash of this password.

    `stored` is None for an unknown address, whose answer is False after the same work. The password
    may be any text. BusyError if no thread is free in time.
    """
    return await HASHING.do(partial(_verify, password, stored))


def needs_rehash(stored: str) -> bool:
    """Return True for a hash with other parameters than those of today.

    Its owner's next sign-in is the only time at which the desk can replace it.
    """
    return _HASHER.check_needs_rehash(stored)


def _verify(password: str, stored: str | None) -> bool:
    possible = stored is not None and len(password) <= TYPED_MAX
    try:
        _HASHER.verify(stored if possible and stored else _NOBODYS, _normalized(password))
    except VerifyMismatchError:
        return False
    return possible


def _normalized(password: str) -> bytes:
    """Return the password in Unicode's form NFKC, which is the same from every keyboard.

    Only TYPED_MAX characters count: normalization of a long row of accents takes minutes.
    """
    normal = unicodedata.normalize("NFKC", password[:TYPED_MAX])
    return normal.encode("utf-8", "surrogatepass")
