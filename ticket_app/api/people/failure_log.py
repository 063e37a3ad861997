"""The log of failed sign-ins: the client's address, and neither a name nor a password."""

import logging

from ticket_app.api.limits.token_bucket import TokenBucket
from ticket_app.errors import (
    SingleSignOnError,
    TicketAppError,
    TooManyAttemptsError,
    WrongCodeError,
    WrongCredentialsError,
)

log = logging.getLogger(__name__)

PER_SECOND, BURST = 1.0, 20.0
"""Lines of this process. Failures beyond are not logged: an attack would fill the disk."""
LOGGED = (WrongCredentialsError, WrongCodeError, TooManyAttemptsError, SingleSignOnError)
_bucket = TokenBucket(PER_SECOND, BURST)


def log_failure(error: TicketAppError, what: str, client: str) -> None:
    """Log that a sign-in or the like has failed, unless too many lines were logged already."""
    if not isinstance(error, LOGGED):
        return
    if _bucket.take(0) == 0:
        _bucket.take(1)
        log.warning("a %s of %s failed: %s", what, client, error.code)
