"""Files that go with a held message: nobody sees them before it is sent, and undoing loses none."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from harness.accounts import account, acting, administrator
from tests.services.conversation.test_attachments import cleaned, make_older
from tests.services.conversation.test_holding import BEA, server
from tests.services.desk import attached, opened, wait_for_a_blocked_writer
from ticket_app.actor import Actor, Identity, by_command
from ticket_app.data.conversation import held as held_queries
from ticket_app.data.engine import write_transaction
from ticket_app.data.people.scope import EVERY_TICKET
from ticket_app.data.tickets.queries import lock_ticket
from ticket_app.errors import AttachmentNotFoundError, InvalidInputError, NotAllowedError
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.schemas.people import PersonUpdate
from ticket_app.services.conversation import holding
from ticket_app.services.conversation.attachments import uploading
from ticket_app.services.conversation.attachments.cleaning import expire_unsent
from ticket_app.services.conversation.attachments.reading import find_file, unsent_files
from ticket_app.services.conversation.drafts.saving import save_draft
from ticket_app.services.conversation.holding import (
    held_messages,
    release_due,
    send_message,
    take_back,
)
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.people.accounts import rights
from ticket_app.services.tickets.listing import get_ticket
from ticket_app.vocabulary import MessageKind, Role, Status

pytestmark = pytest.mark.usefixtures("database", "attachments_folder")

REPLY, NOTE = MessageKind.REPLY, MessageKind.NOTE


def waiting(actor: Actor, ticket_id: int, content: bytes, kind: MessageKind = REPLY) -> int:
    """Uploads a file in a composer; returns its id."""
    upload = uploading.begin_upload(actor, ticket_id)
    try:
        uploading.append_to_upload(actor, upload, content)
        return uploading.finish_upload(actor, ticket_id, upload, "a.txt", kind).id
    finally:
        uploading.discard_upload(actor, upload)


def new(*files: int, kind: MessageKind = REPLY) -> MessageCreate:
    return MessageCreate(body="See.", kind=kind, attachments=[*files])


def in_composer(actor: Actor, ticket_id: int, kind: MessageKind = REPLY) -> list[int]:
    return [each.id for each in unsent_files(actor, ticket_id, kind)]


def sent_files(actor: Actor, ticket_id: int) -> list[list[int]]:
    found = list_messages(actor, ticket_id, MessageListQuery(limit=50))
    return [[file.id for file in each.attachments] for each in found]


def may_read(actor: Actor, ticket_id: int, file: int) -> bool:
    try:
        find_file(actor, ticket_id, file)
    except AttachmentNotFoundError:
        return False
    return True


def test_what_waits_is_of_one_composer_and_one_person() -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    ana = acting(account("ana@example.com", Role.AGENT), Role.AGENT)
    bea = acting(account(BEA, Role.REQUESTER), Role.REQUESTER)
    one, other = opened(requester_email=BEA).id, opened(requester_email=BEA).id
    link = replace(bea, identity=Identity(None, ticket_id=one))
    reply, note = waiting(ada, one, b"reply"), waiting(ada, one, b"note", NOTE)
    of_bea, of_link = waiting(bea, one, b"bea"), waiting(link, one, b"link")
    program = attached(one, b"program", actor=ada).id
    assert in_composer(ada, one) == [reply] and in_composer(ada, one, NOTE) == [note]
    assert in_composer(bea, one) == [of_bea] and in_composer(link, one) == [of_link]
    assert in_composer(ana, one) == in_composer(ada, other) == in_composer(bea, other) == []
    everyone = {ada: {reply, note, program}, ana: set(), bea: {of_bea}, link: {of_link}}
    for actor, own in everyone.items():
        found = {
            file for file in (reply, note, of_bea, of_link, program) if may_read(actor, one, file)
        }
        assert found == own
    with pytest.raises(NotAllowedError):
        waiting(bea, one, b"note", NOTE)
    for files in ((note,), (of_bea,), (of_link,)):
        with pytest.raises(InvalidInputError):
            send_message(ada, one, new(*files), "k")
    assert held_messages(ada, one) == []


def test_files_wait_with_their_message_and_are_sent_with_it() -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    ana = acting(account("ana@example.com", Role.AGENT), Role.AGENT)
    bea = acting(account(BEA, Role.REQUESTER), Role.REQUESTER)
    ticket = opened(requester_email=BEA).id
    files = [waiting(ada, ticket, each) for each in (b"one", b"two")]
    for _ in range(2):  # a second press, or the browser's outbox
        send_message(ada, ticket, new(*files), "k")
    (held,) = held_messages(ada, ticket)
    assert [each.id for each in held.attachments] == files
    assert in_composer(ada, ticket) == []
    assert [may_read(actor, ticket, files[0]) for actor in (ada, ana, bea)] == [True, False, False]
    make_older("UPDATE attachment SET created_at = :at")
    assert len(cleaned()) == 2  # what is held does not expire
    assert release_due(server()) is True
    assert sent_files(bea, ticket) == [files]
    assert [may_read(actor, ticket, files[1]) for actor in (ada, ana, bea)] == [True, True, True]
    send_message(ada, ticket, new(*files), "k")
    assert (held_messages(ada, ticket), sent_files(bea, ticket)) == ([], [files])


def test_undoing_puts_the_files_back_into_their_composer() -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    ticket = opened(requester_email=BEA).id
    note, program = waiting(ada, ticket, b"note", NOTE), attached(ticket, b"p", actor=ada).id
    send_message(ada, ticket, new(note, program, kind=NOTE), "k")
    make_older("UPDATE attachment SET created_at = :at", timedelta(hours=23))
    (held,) = held_messages(ada, ticket)
    taken = take_back(ada, held.id)
    assert taken is not None and [each.id for each in taken.held.attachments] == [note, program]
    assert in_composer(ada, ticket, NOTE) == [note, program]
    assert in_composer(ada, ticket) == []
    expire_unsent(server(2 * 3600.0))  # its day begins anew
    assert in_composer(ada, ticket, NOTE) == [note, program]
    send_message(ada, ticket, new(note, program, kind=NOTE), "k2")
    assert release_due(server()) is True
    assert sent_files(ada, ticket) == [[note, program]]


@pytest.mark.parametrize(
    ("body", "typed"),
    [("Sent from my phone.", "Sent from my phone."), ("Sent 1 file.", ""), ("Sent 2 files.",) * 2],
)
def test_undoing_gives_back_what_was_typed_beside_a_file(body: str, typed: str) -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    ticket = opened().id
    file = waiting(ada, ticket, b"one")
    send_message(ada, ticket, MessageCreate(body=body, attachments=[file]), "k")
    taken = take_back(ada, held_messages(ada, ticket)[0].id)
    assert taken is not None and taken.draft.body == typed


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.REQUESTER}])
def test_whoever_has_left_the_team_meanwhile_says_nothing(change: dict[str, Any]) -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    ana = acting(account("ana@example.com", Role.AGENT), Role.AGENT)
    ticket = opened()
    file = waiting(ana, ticket.id, b"one")
    send_message(ana, ticket.id, new(file), "k", resolve=True)
    send_message(ada, ticket.id, new(), "k")
    person_id = ana.identity.person_id or 0
    rights.change_person(by_command(), person_id, PersonUpdate.model_validate(change))
    while release_due(server()):
        continue
    assert sent_files(ada, ticket.id) == [[]]
    assert get_ticket(ada, ticket.id).status == Status.OPEN
    assert (held_messages(ana, ticket.id), in_composer(ana, ticket.id)) == ([], [file])


def test_taking_back_waits_for_the_ticket_before_the_draft() -> None:
    """As sending does, so that the two never wait for each other."""
    ada = acting(administrator(), Role.ADMINISTRATOR)
    ticket = opened().id
    send_message(ada, ticket, new(), "k")
    draft = {"kind": "reply", "body": "Next.", "key": "n", "writer": "page", "revision": 0}
    save_draft(ada, ticket, DraftWrite.model_validate(draft))
    held_id = held_messages(ada, ticket)[0].id
    with ThreadPoolExecutor(1) as threads:
        with write_transaction() as session:
            lock_ticket(session, ticket, EVERY_TICKET)
            taken = threads.submit(take_back, ada, held_id)
            wait_for_a_blocked_writer()
            session.execute(text("UPDATE draft SET revision = revision + 1"))
        found = taken.result(30)
    assert found is not None and found.draft.body == "See.\n\nNext."


def test_a_kill_while_it_is_posted_loses_and_doubles_no_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    ticket = opened().id
    file = waiting(ada, ticket, b"one")
    send_message(ada, ticket, new(file), "k")

    def die(*_: object) -> None:
        raise RuntimeError("killed")

    for place in ((holding, "release"), (held_queries, "remove_held")):
        with monkeypatch.context() as patched:
            patched.setattr(*place, die)
            with pytest.raises(RuntimeError):
                release_due(server())
        assert sent_files(ada, ticket) == []
        assert [each.id for each in held_messages(ada, ticket)[0].attachments] == [file]
        make_older("UPDATE held_message SET due_at = :at")
    assert release_due(server()) is True
    assert sent_files(ada, ticket) == [[file]]
