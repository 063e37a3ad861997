"""Files in a composer: sent once with their message, kept on the server, and nobody else's."""

import pytest

from harness.accounts import account, acting, administrator
from harness.actors import in_browser, over_rest
from tests.services.conversation.test_held_files import in_composer, sent_files, waiting
from tests.services.conversation.test_holding import server
from tests.services.desk import opened
from tests.state.page import Page, Tabs
from tests.state.portal.conftest import visit
from ticket_app import actor
from ticket_app.actor import Identity, by_command
from ticket_app.schemas.conversation import MessageListQuery
from ticket_app.services.conversation.holding import held_messages, release_due
from ticket_app.services.conversation.reading import list_messages
from ticket_app.services.tickets.links import signed_address
from ticket_app.state.attachments.unsent import ON_THE_WAY, TOO_MANY, ComposerFiles
from ticket_app.state.conversation.composer import Composer
from ticket_app.state.conversation.composing import EMPTY
from ticket_app.state.portal.answer_files import LinkedFiles
from ticket_app.state.portal.answering import LinkedAnswer
from ticket_app.state.portal.linked_ticket import LinkedTicket
from ticket_app.vocabulary import MessageKind, Role

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("attachments_folder")]


def listed(page: Page, kind: str = "reply") -> list[int]:
    shown = page.shown(ComposerFiles)
    assert [each["id"] for each in shown[f"{kind}_files"]] == shown[f"{kind}_ids"]
    return list(shown[f"{kind}_ids"])


async def test_what_waits_is_listed_anew_and_sent_once(tabs: Tabs) -> None:
    ticket, me = opened(), in_browser()
    one, two = waiting(me, ticket.id, b"one"), waiting(me, ticket.id, b"two")
    note = waiting(me, ticket.id, b"note", MessageKind.NOTE)
    page = await tabs.open(f"/t/{ticket.id}")
    await page.do(ComposerFiles.read_files(ticket.id))
    assert (listed(page), listed(page, "note")) == ([one, two], [note])
    await page.do(ComposerFiles.remove_file(ticket.id, two))
    await page.do(ComposerFiles.remove_file(ticket.id, two))
    assert (listed(page), page.shown(ComposerFiles)["files_problem"]) == ([one], "")
    for _ in range(2):  # a double press
        await page.do(Composer.send(ticket.id, "reply", "See.", "k", False, 0, [one], 0))
    assert (page.shown(Composer)["refusal"], listed(page)) == ("", [])
    (held,) = held_messages(me, ticket.id)
    assert [each.id for each in held.attachments] == [one]
    await page.do(Composer.undo(held.id, {}))
    assert listed(page) == [one]
    await page.do(Composer.send(ticket.id, "reply", "See.", "k2", True, 0, [one], 0))
    assert release_due(server()) is True
    assert sent_files(over_rest(), ticket.id) == [[one]]
    assert in_composer(me, ticket.id, MessageKind.NOTE) == [note]


async def test_files_alone_are_a_message_with_words_of_its_own(tabs: Tabs) -> None:
    ticket, me = opened(), in_browser()
    files = [waiting(me, ticket.id, each) for each in (b"one", b"two")]
    page = await tabs.open(f"/t/{ticket.id}")
    await page.do(Composer.send(ticket.id, "reply", " \n", "k", False, 0, files, 0))
    (held,) = held_messages(me, ticket.id)
    assert held.body == "Sent 2 files."
    await page.do(Composer.undo(held.id, {"reply-text": "Now with words"}))
    assert page.shown(Composer)["puts"]["reply"]["text"] == "Now with words"
    await page.do(Composer.send(ticket.id, "reply", "", "k2", False, 0, files[:1], 0))
    assert release_due(server()) is True
    said = list_messages(over_rest(), ticket.id, MessageListQuery())
    assert [(each.body, len(each.attachments)) for each in said] == [("Sent 1 file.", 1)]


async def test_what_cannot_be_sent_yet_is_kept_and_said(tabs: Tabs) -> None:
    ticket, me = opened(), in_browser()
    file = waiting(me, ticket.id, b"one")
    foreign = waiting(me, opened().id, b"other")
    note = waiting(me, ticket.id, b"note", MessageKind.NOTE)
    page = await tabs.open(f"/t/{ticket.id}")
    tried = {
        ON_THE_WAY: ([file], 1),
        TOO_MANY: ([*range(1, 12)], 0),
        "Upload this file again": ([foreign], 0),
    }
    for sentence, (files, on_the_way) in tried.items():
        await page.do(Composer.send(ticket.id, "reply", "See.", "k", False, 0, files, on_the_way))
        assert sentence in page.shown(Composer)["refusal"]
    for files in ([note], [file, note]):
        await page.do(Composer.send(ticket.id, "reply", "See.", "k", False, 0, files, 0))
        assert "Upload this file again" in page.shown(Composer)["refusal"]
    send = Composer.event_handlers["send"]
    for forged in ("x", {"a": 1}, [None, "1", -1, True], [[1]]):
        await page.send(
            send, ticket_id=ticket.id, kind="reply", text="", key="k", files=forged, on_the_way="x"
        )
        assert page.shown(Composer)["refusal"] == EMPTY
    assert held_messages(me, ticket.id) == []
    assert in_composer(me, ticket.id) == [file]


async def test_nobody_sees_what_another_has_not_sent(tabs: Tabs) -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    ana = account("ana@example.com", Role.AGENT)
    ticket = opened()
    waiting(ada, ticket.id, b"of Ada")
    page = await visit(tabs, f"/t/{ticket.id}", ana)
    await page.do(ComposerFiles.read_files(ticket.id))
    assert listed(page) == []
    bea = account("bea@example.com", Role.REQUESTER)
    page = await visit(tabs, f"/my?ticket={ticket.id}", bea)
    await page.do(ComposerFiles.read_files(ticket.id))
    assert page.shown(ComposerFiles)["files_of"] == 0


async def test_the_holder_of_a_link_answers_with_a_file(tabs: Tabs) -> None:
    administrator()
    ticket = opened(requester_email="bea@example.com")
    address = signed_address(by_command(), ticket.id)
    page = await visit(tabs, address)
    await page.do(LinkedFiles.read_files(ticket.id))
    uploads_to = page.shown(LinkedFiles)["uploads_to"]
    assert uploads_to.startswith(f"/api/linked/{ticket.id}/attachments/?key=")
    holder = actor.over_rest(Identity(None, ticket_id=ticket.id))
    file, other = (waiting(holder, ticket.id, each) for each in (b"one", b"two"))
    await page.do(LinkedFiles.read_files(ticket.id))
    assert page.shown(LinkedFiles)["reply_ids"] == [file, other]
    await page.do(LinkedFiles.remove_file(ticket.id, other))
    await page.do(LinkedAnswer.send(ticket.id, "reply", "See.", "k", False, 0, [file], 0))
    assert page.shown(LinkedAnswer)["refusal"] == ""
    (shown,) = page.shown(LinkedTicket)["newest"][-1]["files"]
    assert shown["url"].startswith(f"/api/linked/{ticket.id}/attachments/{file}/?key=")
    wrong = await visit(tabs, address[:-1])
    await wrong.do(LinkedFiles.read_files(ticket.id))
    assert (wrong.shown(LinkedFiles)["files_of"], wrong.shown(LinkedFiles)["reply_ids"]) == (0, [])
