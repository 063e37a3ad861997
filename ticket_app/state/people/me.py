"""Who one is, for the frame of every page."""

from typing import ClassVar

import reflex as rx

from ticket_app.actor import OPEN_DESK
from ticket_app.errors import TicketAppError
from ticket_app.services.people.accounts import directory
from ticket_app.services.people.permission import Verb, may
from ticket_app.state.acting import acting, visitor
from ticket_app.state.service_calls import call_service
from ticket_app.theme import ROLE_WORDS


class Me(rx.State):
    """The person at this page. On an open desk there is none, and `is_open` is True.

    `manages` is True for someone who may manage people, `reads_audit` for someone who may read the
    audit, `works_here` for someone whom the desk's own pages are for, and `is_stranger` for someone
    who has not signed in at a desk with accounts. `may_file` tells if the form for a new ticket is
    for them. `is_unread` is True for the holder of a session that could not be read, who can still
    sign out.
    """

    needs: ClassVar[Verb | None] = None

    is_open: bool = False
    is_stranger: bool = False
    may_file: bool = True
    works_here: bool = False
    name: str = ""
    email: str = ""
    role: str = ""
    manages: bool = False
    reads_audit: bool = False
    is_unread: bool = False

    @rx.event
    async def load(self) -> None:
        """Reads who one is."""
        try:
            actor = await acting()
            self.is_open = actor.identity == OPEN_DESK
            self.is_stranger = actor.identity.role is None
            self.may_file = may(actor, Verb.FILE_TICKET)
            self.works_here = may(actor, Verb.CHANGE_TICKETS)
            if not may(actor, Verb.USE_ACCOUNT):
                self.name, self.email, self.role = "", "", ""
                self.manages = self.reads_audit = False
                self.is_unread = False
                return
            person = await call_service(directory.me)
        except TicketAppError:
            # The page's own content says what is wrong.
            self.is_unread = visitor().session_key is not None
            return
        self.is_unread = False
        self.name, self.email = person.name, person.email or ""
        self.role = ROLE_WORDS[person.role]
        self.manages = may(actor, Verb.MANAGE_PEOPLE)
        self.reads_audit = may(actor, Verb.READ_AUDIT)
