"""Random tokens of sessions, links and programs. The database stores their digests alone."""

import secrets
from hashlib import sha256

COOKIE, COOKIE_OVER_TLS = "desk_session", "__Host-desk_session"
"""The cookie of a browser that has signed in. Its value is the token of the session. Over TLS its
name keeps out cookies that a neighbouring host has set."""
STEP_COOKIE = "desk_sign_in"
"""The cookie of a browser whose sign-in waits for a code."""
TOKEN_BYTES = 32
TOKEN_LENGTHS = (43,)
"""Lengths of the tokens that this desk has given out, in characters."""

API_FORM = r"desk_[A-Za-z0-9_-]{43}"
"""The form of an API token. Scanners for leaked secrets find it by its beginning."""


def new_token() -> str:
    """Returns a token of 256 random bits, of characters that need no escaping in an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_api_token() -> str:
    """Returns a token for a program, of the form API_FORM."""
    return f"desk_{new_token()}"


def digest(token: str) -> str:
    """Returns the key under which a token is stored: its SHA-256 in hexadecimal, 64 characters.

    A token is random, so that a plain hash suffices: nobody can guess one from its digest.
    """
    return sha256(token.encode()).hexdigest()


def token_in(cookie_header: str, cookie: str = COOKIE) -> str | None:
    """Returns the token of a cookie in a Cookie header; None without one, or with several.

    Without TLS a page of a neighbouring host can add a second cookie of this name, so none of two
    is believed.
    """
    pairs = (part.strip().partition("=") for part in cookie_header.split(";"))
    values = {value for name, _, value in pairs if name == cookie and value}
    return values.pop() if len(values) == 1 else None
