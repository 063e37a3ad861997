"""The triggers that maintain the counters of first responses and of who has which tickets."""

from collections.abc import Iterable

from ticket_app.data.figures.counters import ANSWERED_AS
from ticket_app.data.figures.triggers import CounterTriggers


class AnswerTriggers(CounterTriggers):
    """The triggers of the figures on answers.

    A ticket as it is filed counts for nothing here: it has no response, nobody has it, and its
    requester waits. So filing writes no row of these counters, and what they do not hold is the
    difference from `ticket_count`.
    """

    name = "ticket_answers"
    tables = ("ticket_response", "ticket_response_day", "ticket_assignee")
    counted = (
        "status", "created_at", "deleted_at", "first_responded_at", "waiting_since", "assignee_id",
    )  # fmt: skip
    counted_as = ANSWERED_AS
    sparse = True

    def _counts(self, row: str) -> str:
        return (
            f"{super()._counts(row)} "
            f"AND ({row}.first_responded_at IS NOT NULL OR {self._of_assignee(row)})"
        )

    def _compared(self, row: str) -> str:
        return ", ".join(
            (
                f"{row}.deleted_at",
                f"{row}.created_at",
                f"{row}.first_responded_at",
                f"{row}.waiting_since IS NULL",
                self._assignee(row),
            )
        )

    def _inputs(self, row: str) -> dict[str, str]:
        # A clock may have been set back: an answer before the creation took no time.
        filed, answered = f"{row}.created_at", f"{row}.first_responded_at"
        answered = f"CASE WHEN {answered} < {filed} THEN {filed} ELSE {answered} END"
        return {
            "assignee": self._assignee(row),
            "idle": f"CASE WHEN {row}.waiting_since IS NULL THEN 1 ELSE 0 END",
            "responded_on": self._day(answered),
            "ms": self._milliseconds(filed, answered),
        }

    def _arguments(self, each: str) -> Iterable[str]:
        if each != "UPDATE":
            return self.counted_as
        # A response that stays as it was need not be subtracted and added again.
        times = "SELECT ROW(created_at, first_responded_at, deleted_at) FROM"
        changed = f"({times} old_rows) IS DISTINCT FROM ({times} new_rows)"
        return [
            f"CASE WHEN {changed} THEN {name} END" if name in {"responded_on", "ms"} else name
            for name in self.counted_as
        ]

    def _assignee(self, row: str) -> str:
        return f"CASE WHEN {self._of_assignee(row)} THEN coalesce({row}.assignee_id, 0) END"

    def _of_assignee(self, row: str) -> str:
        """Return the condition that `ticket_assignee` counts a ticket."""
        return (
            f"{row}.status NOT IN ('resolved', 'closed') "
            f"AND ({row}.assignee_id IS NOT NULL OR {row}.waiting_since IS NULL)"
        )
