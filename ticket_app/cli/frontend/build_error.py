"""The error of a failed build."""

from ticket_app.errors import TicketAppError


class BuildFailedError(TicketAppError):
    """The pages could not be compiled; `detail` says what to do or where the whole output is."""

    code = "build_failed"
