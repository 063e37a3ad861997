"""The language in which the browser writes dates, kept in the browser as the theme is."""

from typing import ClassVar

import reflex as rx

from ticket_app.services.people.permission import Verb
from ticket_app.state.event_arguments import text_of
from ticket_app.theme import DATE_LANGUAGES

LONGEST = 20


class Dates(rx.State):
    """The choice of this browser. A page may send anything, so components know its values."""

    needs: ClassVar[Verb | None] = None

    language: str = rx.LocalStorage("", name="dates", sync=True)

    @rx.event
    def choose(self, language: str) -> None:
        """Keeps the choice, also for the other tabs of this browser."""
        chosen = text_of(language, LONGEST)
        if chosen in DATE_LANGUAGES:
            self.language = chosen
