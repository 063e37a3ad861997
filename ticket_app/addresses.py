"""Which texts are e-mail addresses."""

from functools import lru_cache

import email_validator
from email_validator import EmailNotValidError, validate_email

LOCAL_HOST = "localhost"

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
