"""What each question has, whatever it asks for."""

from typing import Protocol, TypeVar

from ticket_app.settings import ProviderChoice
from ticket_app.triage.provider.capabilities import RequestShape
from ticket_app.triage.provider.prompts import Message

Answer_co = TypeVar("Answer_co", covariant=True)


class Question(Protocol[Answer_co]):
    """A question to a provider. `input_hash` is the SHA-256 of the text that it is about.

    `is_json` is True if the answer is an object of the triage's schema; otherwise it is plain text,
    and one that was cut at the limit of tokens is no answer.
    """

    @property
    def prompt_version(self) -> str: ...

    @property
    def input_hash(self) -> str: ...

    @property
    def is_json(self) -> bool: ...

    def messages(self, shape: RequestShape) -> list[Message]:
        """Returns the messages of a request of this shape, with fences of their own."""
        ...

    def read(self, content: str, choice: ProviderChoice, latency_ms: float) -> Answer_co:
        """Returns the answer that this content is, which took so many milliseconds.

        Raises ProviderError if it is none.
        """
        ...
