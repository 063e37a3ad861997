"""A journal in memory: the calls of a test, and a word that refuses them all."""

from dataclasses import dataclass, field

from ticket_app.settings import ProviderChoice
from ticket_app.triage.calls import Call
from ticket_app.vocabulary import CallOutcome


@dataclass
class KeptCalls:
    """What was kept, in order; `refuses` is the answer to whether money may be spent."""

    calls: list[Call] = field(default_factory=list)
    refuses: CallOutcome | None = None

    async def refusal(self, _choice: ProviderChoice) -> CallOutcome | None:
        return self.refuses

    def keep(self, call: Call) -> None:
        self.calls.append(call)

    @property
    def outcomes(self) -> list[str]:
        """How the calls ended, in order."""
        return [call.outcome.value for call in self.calls]
