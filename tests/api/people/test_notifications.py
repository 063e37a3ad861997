"""Notifications over REST are one's own, and of tickets that one may see."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from harness.accounts import account, acting, administrator, session_token
from tests.api.people.conftest import with_session
from tests.api.test_problems import assert_problem
from tests.services.desk import PLAIN, changed, opened
from ticket_app.actor import by_command
from ticket_app.services.followers.following import follow, prepare
from ticket_app.services.followers.notifying import CONCERNS, NAME, notify
from ticket_app.services.people.accounts import rights
from ticket_app.services.tickets.deleting import delete_ticket
from ticket_app.vocabulary import Role

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.rest_in_prove("database")]

ADDRESS = "/api/notifications/"


@pytest.fixture
def catch_up(database: str) -> Callable[[], None]:
    """Returns a function that lets the follower go on to the end of the record."""
    assert database
    following = prepare(by_command(), NAME, notify, CONCERNS)

    def follow_all() -> None:
        while follow(by_command(), following):
            pass

    follow_all()
    return follow_all


def listed(client: TestClient, token: str = "", **query: Any) -> list[Any]:
    """Returns ticket, kind and actor of the notifications in a list."""
    headers = with_session(token) if token else {}
    answer = client.get(ADDRESS, params=query, headers=headers)
    assert answer.status_code == 200
    return [(each["ticket_id"], each["kind"], each["actor"]) for each in answer.json()]


def test_notifications_are_ones_own_and_of_tickets_that_one_may_see(
    client: TestClient, catch_up: Callable[[], None]
) -> None:
    ada = administrator()
    people = [account(f"{name}@example.com", Role.AGENT) for name in ("bea", "cay")]
    bea, cay = (session_token(each) for each in people)
    first, second, third = (opened().id for _ in range(3))
    for ticket in (first, second, third):
        changed(ticket, acting(people[1], Role.AGENT), assignee_id=people[0])
    catch_up()
    name = client.get("/api/me/", headers=with_session(cay)).json()["name"]
    expected = [(each, "assigned", name) for each in (third, second, first)]
    assert listed(client, bea) == expected and listed(client, cay) == []
    page = client.get(f"{ADDRESS}?limit=2", headers=with_session(bea))
    following = client.get(page.links["next"]["url"], headers=with_session(bea)).json()
    assert [each["ticket_id"] for each in following] == [first]
    read = {"event_ids": [page.json()[0]["event_id"], following[0]["event_id"]]}
    for token in (cay, bea):
        answer = client.post(f"{ADDRESS}read/", json=read, headers=with_session(token))
        assert answer.status_code == 204
        unread = client.get(f"{ADDRESS}unread/", headers=with_session(bea)).json()["unread"]
        assert unread == (3 if token == cay else 1)
    assert listed(client, bea, unread=True) == [expected[1]]
    delete_ticket(by_command(), second)
    assert listed(client, bea, unread=True) == []
    assert client.get(f"{ADDRESS}unread/", headers=with_session(bea)).json() == {"unread": 0}
    rights.change_role(acting(ada, Role.ADMINISTRATOR), people[0], Role.REQUESTER)
    left = with_session(session_token(people[0]))
    assert_problem(client.get(ADDRESS, headers=left), 403, "not_allowed")


def test_the_agent_of_an_open_desk_has_notifications(
    client: TestClient, catch_up: Callable[[], None]
) -> None:
    assert listed(client) == []
    assert client.post(f"{ADDRESS}read/", json={"event_ids": [1]}).status_code == 204
    ticket = client.post("/api/tickets/", json=PLAIN).json()["id"]
    client.patch(f"/api/tickets/{ticket}/", json={"assignee_id": "me"})
    said = {"body": "Are you there?", "from": "requester"}
    client.post(f"/api/tickets/{ticket}/messages/", json=said)
    catch_up()
    assert listed(client) == [(ticket, "replied", None)]
    assert client.get(f"{ADDRESS}unread/").json() == {"unread": 1}
