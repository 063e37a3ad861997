"""What a requester gets from REST: their own tickets, without what the triage found."""

from starlette.testclient import TestClient

from tests.api.people.conftest import Team, with_session
from tests.services.desk import opened
from ticket_app.schemas.tickets import SHOWN_TO_REQUESTER, TicketPublic

ROB = "rob@example.com"
NEW = {"title": "Mine", "description": "A printer smokes.", "requester_email": "eve@example.com"}


def test_a_requester_files_and_reads_their_own(client: TestClient, team: Team) -> None:
    rob, bea = with_session(team.requester), with_session(team.agent)
    foreign = opened(description="A printer smokes.").id
    filed = client.post("/api/tickets/", json=NEW, headers=rob)
    again = client.post("/api/tickets/", json=NEW, headers=rob)
    assert (filed.status_code, filed.json()["requester_email"]) == (201, ROB)
    address = filed.headers["location"]
    page = client.get("/api/tickets/?search=printer&limit=1", headers=rob)
    rest = client.get(page.links["next"]["url"], headers=rob)
    assert [each["id"] for each in page.json() + rest.json()] == [
        again.json()["id"],
        filed.json()["id"],
    ]
    assert "next" not in rest.links
    one = client.get(address, headers=rob).json()
    for seen in (filed.json(), one, *page.json()):
        assert seen.keys() == SHOWN_TO_REQUESTER
    assert client.get(address, headers=bea).json().keys() == TicketPublic.model_fields.keys()
    tags = [client.get(address, headers=who).headers["etag"] for who in (rob, bea)]
    assert tags[0] != tags[1]
    known = client.get(address, headers={**rob, "if-none-match": tags[0]})
    assert (known.status_code, known.headers["etag"]) == (304, tags[0])
    absent = [client.get(f"/api/tickets/{each}/", headers=rob) for each in (foreign, 999)]
    assert [each.status_code for each in absent] == [404, 404]
    assert absent[0].text.replace(str(foreign), "999") == absent[1].text
    assert client.get("/api/tickets/?sentiment=angry", headers=rob).status_code == 403
