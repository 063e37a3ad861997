"""No text of a foreign ticket reaches a result, or an error, of a verb that outsiders may call."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from harness.accounts import account, acting, administrator
from tests.services.desk import PLAIN, changed, opened
from tests.services.test_decisions import DECIDED, every_verb
from ticket_app import actor as actors
from ticket_app.actor import NOBODY, Actor, Identity
from ticket_app.data.conversation.attachments import files
from ticket_app.errors import TicketAppError
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.schemas.people import TokenCreate
from ticket_app.schemas.tickets import TicketCreate, TicketFilter, TicketListQuery
from ticket_app.schemas.triage import Described
from ticket_app.services.conversation import posting
from ticket_app.services.conversation.attachments import uploading
from ticket_app.services.conversation.drafts import saving
from ticket_app.services.people.permission import ALLOWED, Verb
from ticket_app.services.tickets import deleting
from ticket_app.services.tickets.filing import Request
from ticket_app.vocabulary import MessageKind, Role, Sort

pytestmark = pytest.mark.usefixtures("database", "attachments_folder")

CANARY = "xqcanaryzz"
EVE, BEA = f"{CANARY}@example.com", "bea@example.com"
SEARCHES = ("xqcanary", "#1", "1", "2", EVE, "xq", "example.com")
CURSOR = "9999999999999999.999"

Calls = dict[str, list[tuple[Any, ...]]]


def calls(foreign: list[int]) -> Calls:
    """Returns the arguments with which outsiders ask for foreign tickets, for each verb."""
    queries = [TicketListQuery(search=each) for each in SEARCHES]
    queries += [TicketListQuery(requester=each) for each in (EVE, 1, 2, 3)]
    queries += [TicketListQuery(sort=each) for each in set(Sort) - {Sort.URGENT}]
    queries += [TicketListQuery(assignee=each) for each in ("me", "none", 1)]
    queries += [TicketListQuery(unanswered=True), TicketListQuery(search="xq", sort=Sort.WAITING)]
    queries += [TicketListQuery(), TicketListQuery(cursor=CURSOR), TicketListQuery(status=["open"])]
    filters = [
        TicketFilter(),
        TicketFilter(requester=EVE),
        TicketFilter(unanswered=True),
        TicketFilter(assignee="none"),
        *(TicketFilter(search=each) for each in SEARCHES),
    ]
    new = TicketCreate.model_validate(PLAIN)
    return {
        "tickets.listing.get_ticket": [(each,) for each in foreign],
        "tickets.listing.get_tickets": [(foreign,)],
        "tickets.listing.ticket_history": [(each,) for each in foreign],
        "tickets.listing.list_tickets": [(each,) for each in queries],
        "tickets.listing.count_tickets": [(each,) for each in filters],
        "tickets.searching.search": [(each,) for each in queries],
        "tickets.searching.search_page": [(each,) for each in queries],
        "tickets.searching.ticket_by_number": [(f"#{each}",) for each in foreign],
        "tickets.searching.requester_by_address": [(EVE,)],
        "tickets.requesters.person_of": [(each,) for each in queries],
        "tickets.filing.open_ticket": [(new,)],
        "tickets.filing.file_once": [(new, "same key")],
        "tickets.filing.file_all_once": [(new, "same key"), (new, None)],
        "tickets.filing_by_form.file_form": [(new, "same key"), (new.model_copy(), "key 2")],
        "conversation.paging.conversation_page": [(each, 50) for each in foreign],
        "conversation.reading.list_messages": [(each, MessageListQuery()) for each in foreign],
        "conversation.posting.post_message": [
            (each, MessageCreate(body="Mine?", kind=kind))
            for each in foreign
            for kind in MessageKind
        ],
        "conversation.closing.close_ticket": [(each,) for each in foreign],
        "conversation.holding.send_message": [
            (each, MessageCreate(body="Mine?"), "key") for each in foreign
        ],
        "conversation.holding.held_messages": [(each,) for each in foreign],
        "conversation.holding.take_back": [(each,) for each in range(1, 4)],
        "conversation.drafts.saving.own_drafts": [(each,) for each in foreign],
        "conversation.drafts.saving.drafted_tickets": [()],
        "conversation.drafts.saving.save_draft": [
            (each, DraftWrite(kind=kind, body="Mine?", key="k", writer=writer, revision=0))
            for each in foreign
            for kind in MessageKind
            for writer in ("page", "another")
        ],
        "conversation.own.own_conversation": [(each, 50) for each in foreign],
        "conversation.own.answer_own": [(each, MessageCreate(body="Mine?")) for each in foreign],
        "conversation.own.close_own": [(each,) for each in foreign],
        "people.caps.count_message": [("127.0.0.1", "key")],
        "people.caps.count_upload": [("127.0.0.1",)],
        "conversation.attachments.uploading.begin_upload": [(each,) for each in foreign],
        "conversation.attachments.uploading.append_to_upload": [(files.Incoming(), b"Mine?")],
        "conversation.attachments.uploading.finish_upload": [
            (each, received(), "mine.txt") for each in foreign
        ],
        "conversation.attachments.uploading.discard_upload": [(files.Incoming(),)],
        "conversation.attachments.uploading.delete_unsent": [
            (each, number) for each in foreign for number in range(1, 6)
        ],
        "conversation.attachments.reading.unsent_files": [
            (each, kind) for each in foreign for kind in MessageKind
        ],
        "conversation.attachments.thumbnails.find_thumbnail": [
            (each, number) for each in foreign for number in range(1, 6)
        ],
        "conversation.attachments.thumbnails.draw_thumbnail": [
            (each, number) for each in foreign for number in range(1, 6)
        ],
        "conversation.attachments.reading.find_file": [
            (each, number) for each in foreign for number in range(1, 6)
        ],
        "tickets.own.own_tickets": [(each,) for each in queries],
        "tickets.own.own_ticket": [(each,) for each in foreign],
        "people.caps.count_filing": [("127.0.0.1", EVE, "key")],
        "people.caps.count_suggestion": [("127.0.0.1",)],
        "triage.suggesting.suggest_triage": [(Described(description="xqcanar"),)],
        "triage.suggesting.suggest_title": [(Described(description="xqcanar"),)],
        "triage.suggesting.classify": [(Described(description="xqcanar"),)],
        "people.accounts.directory.me": [()],
        "people.api_tokens.issuing.make_own_token": [(TokenCreate(name="export"),)],
        "people.api_tokens.issuing.own_tokens": [()],
        "people.api_tokens.issuing.revoke_own_token": [(1,)],
        "people.accounts.directory.rename_self": [("Bea",)],
        "people.sessions.own_sessions": [()],
        "people.sessions.end_one_of_own": [("x",)],
        "people.signing_in.sign_in.change_password": [("wrong", "right", "127.0.0.1", "test")],
        "people.signing_in.sign_in.require_own_password": [("wrong", "127.0.0.1", "test")],
        "people.signing_in.single_sign_on.has_password": [()],
        "people.signing_in.second_factor.own_factor": [()],
        "people.signing_in.second_factor.begin_factor": [("Desk", "wrong", "127.0.0.1", "test")],
        "people.signing_in.second_factor.confirm_factor": [("123456",)],
        "people.signing_in.second_factor.renew_codes": [("123456", "127.0.0.1", "test")],
        "people.signing_in.second_factor.turn_off": [("wrong", "127.0.0.1", "test")],
    }


def received() -> files.Incoming:
    """Returns a received file, whose content the digest of its path would give away."""
    upload = files.Incoming()
    upload.write(b"A secret.")
    return upload


@pytest.fixture
def foreign(database: str) -> list[int]:
    """Tickets of someone else, one of them deleted, with the canary in each text and its past."""
    assert database
    chief = acting(administrator(), Role.ADMINISTRATOR)
    texts = {
        "title": f"A {CANARY}",
        "description": f"The {CANARY} sings.",
        "requester_name": CANARY,
    }
    found = [opened(**texts, requester_email=EVE).id for _ in range(3)]
    changed(found[0], title=f"Again {CANARY}")
    for kind in MessageKind:
        sent = uploading.finish_upload(actors.by_command(), found[0], received(), f"{CANARY}.txt")
        say = MessageCreate(body=f"To {CANARY}", kind=kind, attachments=[sent.id])
        posting.post_message(actors.by_command(), found[0], say)
    uploading.finish_upload(actors.by_command(), found[0], received(), f"{CANARY}.txt")
    for kind in MessageKind:
        draft = DraftWrite(kind=kind, body=f"Dear {CANARY}", key="k", writer="page", revision=0)
        saving.save_draft(chief, found[0], draft)
    deleting.delete_ticket(actors.by_command(), found[1])
    return [*found, 10**9]


def outsiders() -> list[Actor]:
    """Returns a requester, the holder of a link to their ticket, and someone unknown."""
    own = opened(requester_email=BEA).id
    return [
        acting(account(BEA, Role.REQUESTER), Role.REQUESTER),
        actors.over_rest(Identity(None, ticket_id=own)),
        actors.over_rest(NOBODY),
    ]


def may_call(who: Identity) -> set[str]:
    """Returns the verbs that the table allows to this role."""
    allowed = ALLOWED[who.role] | ({Verb.READ_TICKETS, Verb.REPLY} if who.ticket_id else set())
    if who.person_id is None:
        allowed -= {Verb.USE_ACCOUNT, Verb.SET_UP_FACTOR}
    return {name for name, verb in DECIDED.items() if verb in allowed}


def test_a_canary_reaches_nobody_else(foreign: list[int]) -> None:
    verbs = every_verb()
    for who in outsiders():
        asked = calls(foreign)
        for name in sorted(may_call(who.identity)):
            assert name in asked, f"say how an outsider calls {name}"
            for arguments in asked[name]:
                said = answer(name, verbs[name], who, arguments)
                assert CANARY not in said, (name, arguments)


def answer(name: str, verb: Callable[..., Any], who: Actor, arguments: tuple[Any, ...]) -> str:
    """Returns all that the verb says, as text: its result, or its error."""
    try:
        if name == "tickets.filing.file_all_once":
            return repr(verb([Request(who, *arguments)]))
        result = verb(who, *arguments)
        return repr(asyncio.run(result) if inspect.iscoroutine(result) else result)
    except TicketAppError as error:
        return f"{error} {vars(error)}"
