"""Attachments: whose they are until they are sent, and what becomes of their files."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from time import time

import pytest
from sqlalchemy import bindparam, select, text
from sqlmodel import col

from harness.accounts import account, acting, administrator
from harness.actors import over_rest
from tests.services.desk import attached, opened
from ticket_app.actor import Actor, by_command
from ticket_app.data.conversation.attachments import files
from ticket_app.data.conversation.attachments.tables import Attachment
from ticket_app.data.engine import get_engine, read_transaction, write_transaction
from ticket_app.data.types import UtcDateTime
from ticket_app.errors import (
    AttachmentNotFoundError,
    DatabaseUnavailableError,
    InvalidInputError,
    TicketNotFoundError,
)
from ticket_app.schemas.conversation import MessageCreate, MessagePublic
from ticket_app.services.conversation.attachments import cleaning
from ticket_app.services.conversation.attachments.reading import find_file
from ticket_app.services.conversation.attachments.uploading import delete_unsent
from ticket_app.services.conversation.posting import post_message
from ticket_app.services.erasing.purging import purge_tickets
from ticket_app.services.erasing.requesters import erase_requester, find_requester
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.usefixtures("database", "attachments_folder")

BEA = "bea@example.com"
OLD = timedelta(hours=25)


def sent(
    ticket_id: int, *attachment_ids: int, actor: Actor | None = None, kind: str = "reply"
) -> MessagePublic:
    """Posts a message with these attachments, as the team of an open desk unless given."""
    values = {"body": "See the file.", "kind": kind, "attachments": list(attachment_ids)}
    return post_message(actor or over_rest(), ticket_id, MessageCreate.model_validate(values))


def cleaned() -> list[str]:
    """Cleans as a server does, all folders at once; returns the contents that are left on disk."""
    cleaning.expire_unsent(by_command())
    for folder in cleaning.FOLDERS:
        cleaning.list_stray_files(by_command(), folder)
    cleaning.remove_loose_files(by_command())
    return on_disk()


def on_disk() -> list[str]:
    """Returns the digests of the stored contents. Fails if one is not what its name says."""
    stored = stored_in().glob("??/??/*")
    found = [path for path in stored if path.is_file() and path.suffix != files.THUMBNAIL]
    assert [sha256(path.read_bytes()).hexdigest() for path in found] == [p.name for p in found]
    return sorted(path.name for path in found)


def stored_in() -> Path:
    return files.path_of("0" * 64).parents[2]


def in_rows() -> set[str]:
    with read_transaction() as session:
        return set(session.scalars(select(col(Attachment.sha256))))


def make_older(statement: str, age: timedelta = OLD) -> None:
    """Set a time, which the statement names :at, to so long ago."""
    at = bindparam("at", datetime.now(UTC) - age, UtcDateTime)
    with write_transaction() as session:
        session.execute(text(statement).bindparams(at))


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def test_one_content_is_stored_once_and_goes_with_its_last_attachment() -> None:
    one, two = opened().id, opened().id
    first, second = attached(one, b"same", "a.txt"), attached(two, b"same", "b.txt")
    assert cleaned() == [digest(b"same")]
    delete_unsent(over_rest(), one, first.id)
    assert cleaned() == [digest(b"same")]
    assert find_file(over_rest(), two, second.id).path.read_bytes() == b"same"
    delete_unsent(over_rest(), two, second.id)
    assert cleaned() == []


def test_what_was_not_sent_goes_after_a_day_and_what_was_stays() -> None:
    ticket = opened().id
    old, young = attached(ticket, b"old").id, attached(ticket, b"young").id
    said = attached(ticket, b"said").id
    sent(ticket, said)
    make_older(f"UPDATE attachment SET created_at = :at WHERE id IN ({old}, {said})")
    assert cleaned() == sorted([digest(b"young"), digest(b"said")])
    with pytest.raises(AttachmentNotFoundError):
        find_file(over_rest(), ticket, old)
    with pytest.raises(InvalidInputError):
        sent(ticket, young, old)
    assert sent(ticket, young).attachments[0].id == young


def test_files_that_a_killed_process_left_are_found_once_they_are_old() -> None:
    kept = attached(opened().id, b"kept")
    stray, half = files.Incoming(), files.Incoming()
    for upload in (stray, half):
        upload.write(upload.path.name.encode())
    stray.seal()
    stray.publish()
    left = [*on_disk()]
    assert len(left) == 2
    assert cleaned() == left and half.path.exists()
    for path in (half.path, *stored_in().glob("??/??/*")):
        os.utime(path, (time() - OLD.total_seconds(),) * 2)
    assert cleaned() == [digest(b"kept")] and not half.path.exists()
    assert kept.size == 4


@pytest.mark.parametrize("way", ["erased", "purged"])
def test_files_go_with_what_they_were_sent_with(way: str) -> None:
    ticket, other = opened(requester_email=BEA).id, opened().id
    sent(ticket, attached(ticket, b"of Bea").id, attached(ticket, b"of both").id)
    sent(other, attached(other, b"of both").id)
    attached(ticket, b"not sent")
    if way == "erased":
        list(erase_requester(by_command(), find_requester(by_command(), BEA)))
    else:
        delete_ticket(over_rest(), ticket)
        make_older(f"UPDATE ticket SET deleted_at = :at WHERE id = {ticket}", timedelta(days=31))
        assert sum(purge_tickets(by_command(), 30)) == 1
    assert on_disk() == [digest(b"of both")]
    assert in_rows() == {digest(b"of both")}


def test_a_file_waits_for_its_uploader_on_its_ticket_alone() -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    bea = acting(account(BEA, Role.REQUESTER), Role.REQUESTER)
    own, other = opened(requester_email=BEA).id, opened(requester_email=BEA).id
    file = attached(own, b"of Bea", actor=bea).id
    for actor, ticket in ((ada, own), (bea, other)):
        with pytest.raises(InvalidInputError):
            sent(ticket, file, actor=actor)
        with pytest.raises(AttachmentNotFoundError):
            find_file(actor, ticket, file)
        with pytest.raises(AttachmentNotFoundError):
            delete_unsent(actor, ticket, file)
    assert [each.id for each in sent(own, file, actor=bea).attachments] == [file]
    assert find_file(ada, own, file).size == 6
    note = sent(own, attached(own, b"note", actor=ada).id, actor=ada, kind="note")
    with pytest.raises(AttachmentNotFoundError):
        find_file(bea, own, note.attachments[0].id)
    with pytest.raises(TicketNotFoundError):
        attached(opened().id, b"x", actor=bea)


def test_a_message_that_fails_leaves_its_files_to_be_sent() -> None:
    ticket = opened().id
    file = attached(ticket, b"file").id
    with pytest.raises(InvalidInputError):
        sent(ticket, file, 999)
    assert sent(ticket, file).attachments[0].id == file


def test_no_row_is_ever_without_its_file_whoever_cleans_meanwhile() -> None:
    """Three people attach and delete the same three contents, while two processes clean."""
    ticket = opened().id
    contents = [b"one", b"two", b"three"]

    def work(number: int) -> list[int]:
        kept = []
        for round_ in range(12):
            file = attached(ticket, contents[(number + round_) % 3]).id
            assert find_file(over_rest(), ticket, file).path.read_bytes() in contents
            if round_ % 4:
                delete_unsent(over_rest(), ticket, file)
            else:
                kept.append(file)
        return kept

    def clean(_: int) -> None:
        for _ in range(40):
            cleaning.remove_loose_files(by_command())

    with ThreadPoolExecutor(5) as threads:
        cleaners = [threads.submit(clean, each) for each in range(2)]
        kept = [each for found in threads.map(work, range(3)) for each in found]
        for cleaner in cleaners:
            cleaner.result()
    for file in kept:
        assert find_file(over_rest(), ticket, file).path.read_bytes() in contents
    assert cleaned() == sorted(in_rows())


def test_a_content_that_is_attached_again_is_not_removed_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = opened().id
    delete_unsent(over_rest(), ticket, attached(ticket, b"again").id)
    published, cleaned_up = Event(), Event()
    publish = files.Incoming.publish

    def publish_and_wait(upload: files.Incoming) -> None:
        publish(upload)
        published.set()
        assert cleaned_up.wait(30)

    monkeypatch.setattr(files.Incoming, "publish", publish_and_wait)
    with ThreadPoolExecutor(2) as threads:
        again = threads.submit(attached, ticket, b"again")
        assert published.wait(30)
        cleaner = threads.submit(cleaning.remove_loose_files, by_command())
        if get_engine().dialect.name == "postgresql":
            cleaner.result(30)  # SQLite lets it wait until the file is attached
        cleaned_up.set()
        cleaner.result(30)
    assert find_file(over_rest(), ticket, again.result().id).path.read_bytes() == b"again"


def test_a_kill_between_the_file_and_its_row_leaves_no_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = opened().id

    def publish_and_die(upload: files.Incoming) -> None:
        published(upload)
        raise DatabaseUnavailableError

    published = files.Incoming.publish
    with monkeypatch.context() as patch:
        patch.setattr(files.Incoming, "publish", publish_and_die)
        with pytest.raises(DatabaseUnavailableError):
            attached(ticket, b"lost")
    assert (on_disk(), in_rows()) == ([digest(b"lost")], set())
    again = attached(ticket, b"lost")
    assert find_file(over_rest(), ticket, again.id).path.read_bytes() == b"lost"
