"""Reads a new password from a terminal, from standard input or from a file. It is never printed."""

import sys
from getpass import getpass
from pathlib import Path

from ticket_app.errors import TicketAppError

BYTES_MAX = 4_096


class PasswordInputError(TicketAppError):
    """No password could be read. Nothing was changed."""

    code = "password_input"


def asked_password() -> str:
    """Ask twice on a terminal; else return the first line of standard input.

    PasswordInputError if there is none, or if the two differ.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline(BYTES_MAX)
        return _present(line.rstrip("\r\n"), "standard input")
    first = getpass("Password: ")
    if getpass("The same again: ") != first:
        raise PasswordInputError("The two passwords differ. Nothing was changed.")
    return _present(first, "the terminal")


def password_in(file: Path) -> str:
    """Return the text of a file without its last line end. PasswordInputError if it has none."""
    try:
        with file.open("rb") as opened:
            content = opened.read(BYTES_MAX)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise PasswordInputError(f"{file} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise PasswordInputError(f"{file} is not text in UTF-8.") from None
    return _present(text.removesuffix("\n").removesuffix("\r"), str(file))


def _present(password: str, source: str) -> str:
    if not password:
        raise PasswordInputError(f"There is no password in {source}.")
    return password
