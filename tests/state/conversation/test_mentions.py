"""The names that a composer offers: to the team, and to nobody else."""

import pytest

from harness.accounts import account, acting, administrator
from tests.state.notifications.test_notifications import page_of
from tests.state.page import Tabs
from ticket_app.components.conversation.composer import composer
from ticket_app.services.people.accounts.directory import rename_self
from ticket_app.state.conversation.composer import Composer
from ticket_app.state.conversation.conversation import Conversation
from ticket_app.state.conversation.mentions import Mentions
from ticket_app.state.portal.answering import OwnAnswer
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.anyio


async def test_the_team_is_offered_to_the_team_alone(tabs: Tabs) -> None:
    administrator()
    bea, jo = (account(f"{name}@example.com", Role.AGENT) for name in ("bea", "jo"))
    eve = account("eve@example.com", Role.REQUESTER)
    rename_self(acting(jo, Role.AGENT), "José Ångström")
    for person, sought in ((bea, [" ada", " jose angstrom"]), (eve, [])):
        page = await page_of(tabs, person, "/account")
        await page.do(Mentions.load())
        people = page.shown(Mentions).get("people", [])
        assert [each["sought"] for each in people] == sought
        assert [each["email"] for each in people] == [""] * len(sought)


def test_the_box_of_a_requester_has_no_list() -> None:
    number = Conversation.ticket.id
    of_team = composer(Composer, number, may_resolve=Conversation.gone)
    assert "listbox" in str(of_team.render())
    assert "listbox" not in str(composer(OwnAnswer, number).render())
