"""A small desk to learn from: texts that are easy to tell apart, and rules that know few words."""

from random import Random

from ticket_app.triage.learning.examples import Example

SUBJECTS = {
    "billing": ["invoice", "refund", "charged", "payment", "receipt", "tariff", "voucher"],
    "technical": ["crash", "screen", "timeout", "printer", "error", "freezes", "driver"],
    "account": ["password", "login", "locked", "profile", "username", "passcode", "avatar"],
    "general": ["opening", "hours", "visit", "brochure", "feedback", "partner", "address"],
}
FILLERS = ["the", "my", "your", "please", "since", "today", "was", "with", "this", "need", "about"]
RULES_KNOW = {"invoice": "billing", "crash": "technical", "password": "account"}
PRIORITY_OF = {"general": "low", "billing": "medium", "technical": "high", "account": "critical"}


def desk(count: int, *, seed: int = 1) -> list[Example]:
    """Returns this many different texts, each with two words of its category among fillers."""
    chance = Random(seed)
    return [_example(chance, number) for number in range(count)]


def shuffled(examples: list[Example]) -> list[Example]:
    """Returns the texts with their values permuted: there is nothing left to learn."""
    values = [example.value for example in examples]
    Random(3).shuffle(values)
    return [Example(e.text, value) for e, value in zip(examples, values, strict=True)]


def rules(text: str) -> str:
    """Returns the category of the first known word, otherwise general."""
    return next((RULES_KNOW[word] for word in text.split() if word in RULES_KNOW), "general")


def _example(chance: Random, number: int) -> Example:
    value = list(SUBJECTS)[number % len(SUBJECTS)]
    words = [*chance.sample(SUBJECTS[value], 2), *chance.sample(FILLERS, 6)]
    chance.shuffle(words)
    return Example(" ".join(words), value)
