"""The form for a new ticket: its errors, and the suggestions of the triage during typing.

The browser's fields hold what is typed and chosen, so no answer of the server and no reconnection
overwrites it. They are emptied once a ticket is filed. A hidden field holds the form's idempotency
key, so that a form files one ticket, however often it is sent: see decision 0021.
"""

from collections.abc import AsyncIterator
from time import time
from typing import Any, ClassVar

import reflex as rx
from reflex.event import EventSpec

from ticket_app.errors import IdempotencyKeyReusedError, InvalidInputError, TicketAppError
from ticket_app.schemas.inputs import parse
from ticket_app.schemas.tickets import TicketCreate, TicketFromStranger
from ticket_app.services.people.permission import Verb
from ticket_app.services.tickets import filing_by_form
from ticket_app.state.acting import acting, client_address
from ticket_app.state.event_arguments import text_of
from ticket_app.state.form import form_input, form_messages
from ticket_app.state.form.form_input import (
    CHOICES,
    FIELDS,
    KEY,
    LONGEST,
    ROOM,
    FormInput,
    without,
)
from ticket_app.state.form.suggesting import Suggesting
from ticket_app.state.notices import Notice
from ticket_app.state.portal.receipt import PAGE, Receipt
from ticket_app.state.service_calls import call_service
from ticket_app.vocabulary import DESCRIPTION_MAX

NEAR = 0.9
"""The part of its limit from which a text's length is shown."""
AGAIN_SECONDS = 3.0
"""Seconds after a form is emptied in which a second press or late keys file no new ticket."""


class Form(Suggesting, rx.State):
    """`ready` is True once the form has its key; `counts` words the lengths near their limit."""

    needs: ClassVar[Verb | None] = Verb.FILE_TICKET

    ready: bool = False
    shown: bool = False
    counts: dict[str, str] = {}
    filed: int = 0
    filing: bool = False
    coming: bool = False

    _key: str = ""
    _filed: dict[str, str] = {}
    _emptied: tuple[str, str] = ("", "")
    _emptied_at: float = 0.0

    @rx.event
    def start(self, narrow: bool = False) -> EventSpec | None:
        """Leads the person to the form. In a narrow window it is a sheet.

        The browser moves the focus itself: an answer that comes late would take it away from a
        field in which the person types already.
        """
        self.shown = narrow is True
        if self.router.url.path == "/":
            return None
        self.coming = True
        return rx.redirect("/")

    @rx.event
    def close(self) -> None:
        """Closes the sheet on a small screen. Typed text stays."""
        self.shown = False

    @rx.event
    def meet(self, held: dict[str, Any]) -> list[EventSpec]:
        """Merges the browser's fields and the State's, when the form is drawn or its server is new.

        If both have a value the browser's counts: a person may type before the scripts have come,
        and longer than a server lives. This is no on_load event, because those run at each
        reconnection.
        """
        fields = form_input.read(held)
        texts = {name: text for name, text in fields.drafts.items() if text}
        picked = fields.chosen | fields.suggested
        known = {name: text for name, text in self._draft.items() if name not in texts}
        self._key = fields.key or self._key or form_input.new_key()
        self._draft = known | texts
        self._chosen = without(self._chosen, picked) | form_input.known_choices(fields.chosen)
        self._offered = without(self._offered, picked) | fields.suggested
        self._mark_suggested()
        self.ready = True
        put = known | {KEY: self._key}
        events = [rx.set_value(name, value) for name, value in put.items() if value]
        here_only = without(self._chosen | self._offered, picked)
        events += [each for field in here_only for each in self._put(field)]
        if "description" in texts and self._seen is None:
            events.append(Form.suggest(texts["description"]))
        self.coming = False
        return events

    @rx.event
    def write(self, field: str, text: str) -> None:
        """Keeps a text, 300 ms after the last key or when its field loses the focus."""
        if field in tuple(LONGEST):
            text = text_of(text, LONGEST[field] * ROOM)
            if self._is_filed_text(field, text):
                return
            self._draft = self._draft | {field: text}
            self._check_and_count(field)

    @rx.event
    def choose(self, field: str, value: str, offered: str = "") -> list[EventSpec]:
        """Keeps the person's own choice. An empty one lets the triage choose again.

        `offered` is the suggestion in the browser's select. If a newer one is on its way to the
        browser, it would replace the choice, so the choice is sent after it.
        """
        if field not in tuple(CHOICES) or value not in ("", *CHOICES[field]):
            return []
        overtaken = self._offered.get(field, "") != offered
        self._chosen = without(self._chosen, [field]) | ({field: str(value)} if value else {})
        self._offered = without(self._offered, [field])
        self._mark_suggested()
        if not value:
            return self._show_suggestion()
        return self._put(field) if overtaken else []

    @rx.event
    def describe(self, text: str) -> EventSpec | None:
        """Keeps the description, 800 ms after the last key or when its field loses the focus."""
        text = text_of(text, DESCRIPTION_MAX * ROOM)
        if text == self._draft.get("description", "") or self._is_filed_text("description", text):
            return None
        self._draft = self._draft | {"description": text}
        self._check_and_count("description")
        self._seen = None
        if len(text) > DESCRIPTION_MAX:
            return None  # the counter shows it
        return Form.suggest(text)

    @rx.event
    def take_title(self, proposed: str) -> EventSpec:
        """Puts the proposed title into the form."""
        title, self.proposed_title = text_of(proposed, LONGEST["title"]), ""
        self.write("title", title)
        return rx.set_value("title", title)

    @rx.event
    async def submit(self, data: dict[str, Any]) -> AsyncIterator[Any]:
        """Files the form's ticket. After an error everything typed stays in place."""
        fields = form_input.read(data)
        if fields.is_empty and self._just_emptied():
            yield self._filed_notice()
            return
        self.filing = True
        yield
        try:
            yield await self._file(fields)
        finally:
            self.filing = False

    async def _file(self, fields: FormInput) -> EventSpec | list[EventSpec]:
        key = fields.key or self._key
        self.errors, self.problem = {}, ""
        try:
            new = await self._parse(fields.texts | fields.chosen)
            seen = self._seen if new.description == self._draft.get("description") else None
            done = await call_service(
                filing_by_form.file_form,
                new,
                key or None,
                seen,
                fields.suggested,
                client=client_address(),
                in_own_name=self._is_on_its_page(),
            )
        except InvalidInputError as error:
            self.errors = dict(error.problems)
            return rx.set_focus(error.problems[0].field)
        except IdempotencyKeyReusedError as error:
            return self._keep_for_second_ticket(fields, error.ticket_id)
        except TicketAppError as error:
            self.problem = f"{error.detail} Your text is kept."
            return []
        self.filed = done.ticket_id
        if self._is_on_its_page():
            receipt = await self.get_state(Receipt)
            receipt._give(done.ticket_id, done.address)  # noqa: SLF001  # a public one anyone may call
        here = (key, self.router.session.session_id)
        if done.replayed and self._emptied == here:
            # This connection has emptied the form, and the person may type the next ticket.
            return self._filed_notice()
        self._filed = fields.drafts
        self._emptied, self._emptied_at = here, time()
        return [*self._empty(), *self._filed_notice()]

    async def _parse(self, values: dict[str, Any]) -> TicketCreate:
        """Returns what the form asks of this actor. Raises InvalidInputError."""
        who = (await acting()).identity
        if who.person_id is not None and self._is_on_its_page():
            values |= {"requester_name": "", "requester_email": ""}  # the account has them
        return parse(TicketFromStranger if who.role is None else TicketCreate, values)

    def _is_on_its_page(self) -> bool:
        return str(self.router.url.path).rstrip("/") == PAGE

    def _filed_notice(self) -> list[EventSpec]:
        if self._is_on_its_page():
            return []  # the receipt says it
        return [Notice.tell(f"Ticket {self.filed} is filed.", shows_ticket=self.filed)]

    def _keep_for_second_ticket(self, fields: FormInput, earlier: int) -> list[EventSpec]:
        """Keeps the last changes of a form that was filed before them, for a second ticket.

        The browser may have emptied the form, so all its fields are sent.
        """
        self.problem = (
            f"Ticket {earlier} was filed from this form before your last changes. "
            "File again to put them into a ticket of their own. Your text is kept."
        )
        self._key, self._draft, self._chosen = form_input.new_key(), fields.texts, fields.chosen
        self._offered = fields.suggested
        self._mark_suggested()
        put = fields.texts | {KEY: self._key}
        events = [rx.set_value(name, value) for name, value in put.items()]
        return events + [each for field in CHOICES for each in self._put(field)]

    def _empty(self) -> list[EventSpec]:
        """Empties the form for the next ticket, with a new key."""
        self.shown, self.proposed_title, self.counts = False, "", {}
        self._draft, self._chosen, self._offered = {}, {}, {}
        self._key = form_input.new_key()
        self._drop_suggestion()
        return [rx.set_value(name, self._key if name == KEY else "") for name in FIELDS]

    def _just_emptied(self) -> bool:
        return 0 <= time() - self._emptied_at < AGAIN_SECONDS

    def _is_filed_text(self, field: str, text: str) -> bool:
        """Returns True for the last keys of a filed ticket, which come after the debounce."""
        return bool(text) and text == self._filed.get(field) and self._just_emptied()

    def _check_and_count(self, field: str) -> None:
        """Removes an error once it is corrected, and counts a text near its limit."""
        text, most = self._draft[field], LONGEST[field]
        if field in self.errors:
            self.errors = without(self.errors, [field]) | form_messages.problem_of(field, text)
        length = len(text if field == "description" else text.strip())
        count = {field: form_messages.counted(length, most)} if length >= NEAR * most else {}
        if count or field in self.counts:
            self.counts = without(self.counts, [field]) | count
