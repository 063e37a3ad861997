"""A process that is killed while it sends leaves a message or a draft, and never both."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.actors import in_browser
from tests.services.desk import opened
from ticket_app.data.engine import get_engine
from ticket_app.services.conversation.drafts.saving import own_drafts
from ticket_app.services.conversation.holding import held_messages
from ticket_app.settings import ROOT

pytestmark = pytest.mark.usefixtures("database")

SENDER = """
import sys
from harness.actors import in_browser
from ticket_app.schemas.conversation import MessageCreate
from ticket_app.schemas.drafts import DraftWrite
from ticket_app.services.conversation.drafts.saving import save_draft
from ticket_app.services.conversation.drafts.sending import Typed
from ticket_app.services.conversation.holding import send_message
from ticket_app.data.engine import use_database
use_database(sys.argv[1])
for each in sys.argv[2:]:
    number, body = int(each), f"Hello {each}"
    draft = DraftWrite(kind="reply", body=body, key=each, writer="page", revision=0)
    save_draft(in_browser(), number, draft)
    print("saved", number, flush=True)
    new = MessageCreate(body=body)
    send_message(in_browser(), number, new, each, typed=Typed("page", 0))
"""


@contextmanager
def sending(tickets: list[int]) -> Iterator["subprocess.Popen[str]"]:
    url = get_engine().url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", SENDER, url, *map(str, tickets)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.prove
def test_a_kill_while_sending_leaves_a_message_or_a_draft() -> None:
    tickets = [opened().id for _ in range(40)]
    for stop_at in (1, 7, 20):
        with sending(tickets) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(stop_at)]
            process.kill()
        begun = tickets[: tickets.index(int(said[-1].split()[1])) + 1]
        for number in begun:
            drafts = [each.body for each in own_drafts(in_browser(), number)]
            held = [each.body for each in held_messages(in_browser(), number)]
            assert drafts + held == [f"Hello {number}"]
        # The next one may have been begun, too: its line was not read.
        tickets = tickets[tickets.index(number) + 2 :]
