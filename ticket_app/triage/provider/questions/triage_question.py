"""The question for the triage of a ticket."""

from typing import NamedTuple

from ticket_app.settings import ProviderChoice
from ticket_app.triage.contract import Triage
from ticket_app.triage.provider.answer import read_answer
from ticket_app.triage.provider.calls import input_hash
from ticket_app.triage.provider.capabilities import RequestShape
from ticket_app.triage.provider.prompts import Message, Prompt, answer_schema, messages_for


class TriageQuestion(NamedTuple):
    """A ticket's text, and the prompt that asks for its triage."""

    prompt: Prompt
    description: str
    title: str

    @property
    def is_json(self) -> bool:
        return True

    @property
    def prompt_version(self) -> str:
        return self.prompt.version

    @property
    def input_hash(self) -> str:
        return input_hash(self.description, self.title)

    def messages(self, shape: RequestShape) -> list[Message]:
        """Returns the messages, with the schema in words if the provider's API does not take it."""
        schema = None if shape.format == "json_schema" else answer_schema()
        return messages_for(self.prompt, self.description, self.title, schema=schema)

    def read(self, content: str, choice: ProviderChoice, latency_ms: float) -> Triage:
        """Returns the Triage of an answer."""
        triage = read_answer(content, choice, self.prompt, f"{self.title}\n{self.description}")
        return triage.model_copy(update={"latency_ms": latency_ms})
