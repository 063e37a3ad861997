"""An in-memory journal of a test's provider calls, which can also refuse them all."""

from dataclasses import dataclass, field

from ticket_app.settings import ProviderChoice
from ticket_app.triage.provider.calls import Call
from ticket_app.vocabulary import CallOutcome


@dataclass
class MemoryJournal:
    """The calls in order; `refuses` is the answer to whether the budget allows a call."""

    calls: list[Call] = field(default_factory=list)
    refuses: CallOutcome | None = None

    async def refusal(self, _choice: ProviderChoice) -> CallOutcome | None:
        return self.refuses

    def record(self, call: Call) -> None:
        self.calls.append(call)

    @property
    def outcomes(self) -> list[str]:
        """Returns how the calls ended, in order."""
        return [call.outcome.value for call in self.calls]
