"""The suggestions of the triage while a person types a ticket."""

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import InvalidInputError, TooManyRequestsError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.triage import Described
from ticket_app.services.triage.suggesting import suggest_triage
from ticket_app.state.acting import acting_if_known, client_address
from ticket_app.state.form import form_messages
from ticket_app.state.form.form_input import CHOICES, OFFERED
from ticket_app.theme import OUTCOME_WORDS
from ticket_app.triage.contract import Triage


class Suggesting(rx.State, mixin=True):
    """A form with suggestions: of a category and a priority in its selects, and of a title.

    The keys of the backend vars are the form's fields: `_draft` has the known texts, `_chosen` the
    person's choices, `_offered` the suggestions in the selects.
    """

    errors: dict[str, str] = {}
    problem: str = ""
    thinking: bool = False
    category_suggested: bool = False
    priority_suggested: bool = False
    engine: str = ""
    sure: str = ""
    fell_back: str = ""
    reasons: list[str] = []
    proposed_title: str = ""
    naming: bool = False

    _draft: dict[str, str] = {}
    _chosen: dict[str, str] = {}
    _offered: dict[str, str] = {}
    _seen: Triage | None = None

    @rx.event(background=True, supersedes=True)
    async def suggest(self, text: str) -> list[EventSpec]:
        """Calls the triage. A newer call cancels this one."""
        try:
            described = parse(Described, {"description": text})
        except InvalidInputError:
            async with self:
                self.thinking = False
                return self._drop_suggestion()
        async with self:
            self.thinking = True
        try:
            triage = await suggest_triage(await acting_if_known(), described, client_address())
        except TooManyRequestsError:
            # Nobody has asked for a suggestion, so nobody misses it.
            async with self:
                self.thinking = False
                return self._drop_suggestion()
        async with self:
            self.thinking = False
            if text != self._draft.get("description"):  # it was filed or changed meanwhile
                return []
            self._seen = triage
            return self._show_suggestion()

    @rx.event(background=True, supersedes=True)
    async def propose_title(self) -> None:
        """Proposes a title. Only `take_title` puts it into the form."""
        async with self:
            text = self._draft.get("description", "")
            if self._seen is not None:  # the suggestion for this text has a title too
                self.proposed_title = self._seen.title.value
                return
            self.naming, self.proposed_title = True, ""
        try:
            described = parse(Described, {"description": text})
            triage = await suggest_triage(await acting_if_known(), described, client_address())
        except InvalidInputError as error:
            async with self:
                self.naming = False
                self.errors = self.errors | {"description": error.problems[0].message}
            return
        except TooManyRequestsError as error:
            async with self:
                self.naming, self.problem = False, error.detail
            return
        async with self:
            self.naming = False
            self.proposed_title = triage.title.value

    def _drop_suggestion(self) -> list[EventSpec]:
        """Removes the suggestion, and clears the fields that it filled."""
        self._seen, self.engine, self.sure, self.reasons = None, "", "", []
        self.fell_back = ""
        offered, self._offered = self._offered, {}
        self._mark_suggested()
        return [each for field in offered for each in self._put(field)]

    def _show_suggestion(self) -> list[EventSpec]:
        """Fills in the fields that the person has not chosen."""
        if (seen := self._seen) is None:
            return []
        found = {"category": seen.category, "priority": seen.priority}
        fresh = {field: str(found[field].value) for field in CHOICES if field not in self._chosen}
        self._offered = fresh
        self._mark_suggested()
        by = form_messages.proposers(seen)
        self.engine = " and ".join(dict.fromkeys(by.values()))
        self.fell_back = OUTCOME_WORDS.get(seen.failure or "", seen.failure or "")
        self.sure = form_messages.sureness(seen, by)
        self.reasons = form_messages.reasons(seen)
        return [each for field in fresh for each in self._put(field)]

    def _mark_suggested(self) -> None:
        self.category_suggested = "category" in self._offered
        self.priority_suggested = "priority" in self._offered

    def _put(self, field: str) -> list[EventSpec]:
        """Shows the known value of a select in the browser."""
        offered = self._offered.get(field, "")
        shown = self._chosen.get(field, offered)
        return [rx.set_value(field, shown), rx.set_value(OFFERED[field], offered)]
