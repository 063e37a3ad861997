"""The pages for requesters work on an open desk, too: a team can hand out the form alone."""

import pytest

from tests.services.desk import all_tickets
from tests.state.form.form_fields import form_data
from tests.state.page import Tabs
from ticket_app.state.form.form import Form
from ticket_app.state.people.me import Me
from ticket_app.state.portal.linked_ticket import LinkedTicket
from ticket_app.state.portal.receipt import Receipt

pytestmark = pytest.mark.anyio


async def test_anyone_files_with_or_without_an_address_and_follows_the_link(tabs: Tabs) -> None:
    page = await tabs.open("/new")
    assert (page.shown(Me)["is_stranger"], page.shown(Me)["may_file"]) == (False, True)
    await page.do(Form.submit(form_data(title="Blue", description="It is blue.")))
    assert len(all_tickets()) == 1
    await page.follow(page.shown(Receipt)["address"])
    assert page.shown(LinkedTicket)["ticket"]["title"] == "Blue"
