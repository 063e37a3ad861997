"""Files that go with a held message: nobody sees them before it is sent, and undoing loses none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from harness.accounts import account, acting, administrator
from tests.services.conversation.test_attachments import cleaned, make_older
from tests.services.conversation.test_holding import BEA, server
from tests.services.desk import attached, opened
from ticket_app.actor import Actor, Identity
from ticket_app.data.conversation import held as held_queries
from ticket_app.errors import AttachmentNotFoundError, InvalidInputError, NotAllowedError
from ticket_app.schemas.conversation import MessageCreate, MessageListQuery
from ticket_app.services.conversation import holding
from ticket_app.services.conversation.attachments import uploading
from ticket_app.services.conversation.attachments.cleaning import expire_unsent
from ticket_app.services.conversation.attachments.reading import find_file, unsent_files
from ticket_app.services.conversation.holding import (
    held_messages,
    release_due,
    send_message,
    take_back,
)
from ticket_app.services.conversation.reading import list_messages
from ticket_app.vocabulary import MessageKind, Role

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
