"""The REST contract for tickets, on both databases."""

import base64
import re
from datetime import datetime
from hashlib import sha256
from typing import Any

import pytest
from starlette.testclient import TestClient

from ticket_app.data.tickets import list_queries
from ticket_app.data.tickets.sorting import pages

OUTAGE = "Production is down for all users since 9:00, nobody can log in."


def post(client: TestClient, **fields: Any) -> dict[str, Any]:
    """Creates a ticket; the text is a plain one by default."""
    answer = client.post("/api/tickets/", json={"title": "A", "description": "B"} | fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ids(client: TestClient, query: str) -> list[int]:
    """Returns the ids of a list in its order."""
    answer = client.get(f"/api/tickets/?{query}")
    assert answer.status_code == 200, answer.text
    return [ticket["id"] for ticket in answer.json()]


def test_filing_answers_the_ticket_and_where_it_is(client: TestClient) -> None:
    answer = client.post(
        "/api/tickets/",
        json={
            "title": "  Charged twice ",
            "description": "My card was charged twice.",
            "category": "billing",
            "priority": "high",
            "requester_name": "Ana",
            "requester_email": "ana@example.com",
        },
    )
    assert answer.status_code == 201
    ticket = answer.json()
    assert answer.headers["location"] == f"/api/tickets/{ticket['id']}/"
    assert ticket["title"] == "Charged twice"
    assert (ticket["category"], ticket["priority"], ticket["status"]) == ("billing", "high", "open")
    assert ticket["version"] == 1 and ticket["resolved_at"] is None
    assert datetime.fromisoformat(ticket["created_at"]).utcoffset().total_seconds() == 0  # type: ignore[union-attr]
    assert client.get(answer.headers["location"]).json() == ticket


def test_triage_fills_what_is_absent(client: TestClient) -> None:
    ticket = post(client, title="Outage", description=OUTAGE)
    assert (ticket["category"], ticket["priority"]) == ("technical", "critical")
    assert ticket["urgency_score"] > 50


def test_a_choice_of_the_requester_stands(client: TestClient) -> None:
    ticket = post(client, description=OUTAGE, category="billing", priority="low")
    assert (ticket["category"], ticket["priority"]) == ("billing", "low")


def test_a_ticket_may_be_filed_as_resolved(client: TestClient) -> None:
    ticket = post(client, status="resolved")
    assert ticket["resolved_at"] == ticket["created_at"]


def test_list_is_newest_first_and_filters_combine(client: TestClient) -> None:
    first = post(client, category="billing", priority="high", title="Blue invoice")["id"]
    second = post(client, category="technical", priority="high", title="Blue screen")["id"]
    third = post(client, category="billing", priority="low", status="in_progress")["id"]
    assert ids(client, "") == [third, second, first]
    assert ids(client, "category=billing") == [third, first]
    assert ids(client, "category=billing&category=technical&priority=high") == [second, first]
    assert ids(client, "category=billing&priority=high&status=open&search=BLUE") == [first]
    assert ids(client, "status=in_progress&status=closed") == [third]
    assert ids(client, "sentiment=angry") == []
    assert ids(client, "search=") == [third, second, first]


def test_a_list_is_sorted_as_one_asks(client: TestClient) -> None:
    low, high = (
        post(client, priority=each, description="Hello.")["id"] for each in ("low", "high")
    )
    angry = post(client, priority="high", description=OUTAGE)["id"]
    for number, change in ((low, {"title": "Changed"}), (high, {"status": "closed"})):
        assert client.patch(f"/api/tickets/{number}/", json=change).status_code == 200
    answer = {"body": "We look into it."}
    assert client.post(f"/api/tickets/{low}/messages/", json=answer).status_code == 201
    assert ids(client, "sort=newest") == [angry, high, low]
    assert ids(client, "sort=oldest") == [low, high, angry]
    assert ids(client, "sort=waiting") == [angry, low, high]
    assert ids(client, "sort=urgent") == [angry, high, low]
    assert ids(client, "sort=changed") == [low, high, angry]
    assert ids(client, "sort=changed&status=open&status=in_progress") == [low, angry]
    assert ids(client, "unanswered=true") == [angry]
    assert ids(client, "unanswered=false&sort=oldest") == [low, high]
    page = client.get("/api/tickets/?sort=urgent&limit=1")
    link = re.fullmatch(r'<(.+)>; rel="next"', page.headers["link"])
    assert link and [one["id"] for one in client.get(link[1]).json()] == [high]
    refused = client.get(link[1].replace("sort=urgent", "sort=oldest"))
    assert "sorted by urgent, and the sort is oldest" in refused.json()["errors"][0]["message"]


@pytest.mark.rest_in_prove("database")
def test_a_sort_says_where_it_stopped(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (list_queries, pages):
        monkeypatch.setattr(module, "SCANNED", 2)
        monkeypatch.setattr(module, "SAMPLED", 1)
    first, *_ = (post(client, category=each)["id"] for each in ("account", *["billing"] * 4))
    exact = client.get("/api/tickets/?sort=urgent&status=open&status=in_progress")
    assert "sort-stopped-after" not in exact.headers
    short = client.get("/api/tickets/?sort=changed&status=open&category=account")
    assert (short.json(), short.headers["sort-stopped-after"]) == ([], "2")
    found = ""
    while "link" in short.headers:
        short = client.get(re.sub(r'<(.+)>; rel="next"', r"\1", short.headers["link"]))
        found += short.text
    assert f'"id":{first},' in found
    among_some = client.get("/api/tickets/?sort=changed")
    assert len(among_some.json()) == 2
    assert among_some.headers["sort-stopped-after"] == "2"
    assert "link" not in among_some.headers


def test_pages_neither_skip_nor_repeat_while_tickets_arrive(client: TestClient) -> None:
    expected = [post(client, priority="low")["id"] for _ in range(7)][::-1]
    seen, target = [], "/api/tickets/?limit=3&priority=low"
    while target:
        answer = client.get(target)
        seen += [ticket["id"] for ticket in answer.json()]
        post(client, priority="low")
        link = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("link", ""))
        target = link[1] if link else ""
    assert seen == expected


def test_the_last_page_has_no_link(client: TestClient) -> None:
    post(client)
    assert "link" not in client.get("/api/tickets/?limit=1").headers


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=pending", "status.0"),
        ("category=billing&category=sales", "category.1"),
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        *((f"limit={number}", "limit") for number in ("1_0", "%2010", "+10", "10.0", "010")),
        ("limit=\uff11", "limit"),
        ("cursor=xyz", "cursor"),
        ("cursor=MS4x_", "cursor"),
        ("sort=priority", "sort"),
        ("sort=oldest&cursor=1.1", "cursor"),
        ("unanswered=1", "unanswered"),
        ("search=%00", "search"),
        ("search=" + "x" * 201, "search"),
    ],
)
def test_an_unknown_filter_is_an_error(client: TestClient, query: str, field: str) -> None:
    answer = client.get(f"/api/tickets/?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.rest_in_prove("database")
def test_many_wrong_names_are_few_errors(client: TestClient) -> None:
    refused = client.get("/api/tickets/?" + "&".join(f"n{number}=1" for number in range(900)))
    assert (refused.status_code, len(refused.json()["errors"])) == (422, 20)


def test_changing_fields(client: TestClient) -> None:
    ticket = post(client, requester_name="Ana")
    answer = client.patch(
        f"/api/tickets/{ticket['id']}/", json={"priority": "high", "requester_name": None}
    )
    assert answer.status_code == 200
    changed = answer.json()
    assert (changed["priority"], changed["requester_name"], changed["version"]) == ("high", None, 2)
    assert changed["updated_at"] > ticket["updated_at"]
    assert (ticket["priority_by"], changed["priority_by"]) == ("triage", "person")
    untouched = ticket.keys() - {
        "priority",
        "priority_by",
        "requester_name",
        "version",
        "updated_at",
    }
    assert {key: changed[key] for key in untouched} == {key: ticket[key] for key in untouched}


def test_a_ticket_is_assigned_and_taken_back(client: TestClient) -> None:
    ticket = post(client)
    address = f"/api/tickets/{ticket['id']}/"
    desk = client.patch(address, json={"assignee_id": "me"}).json()["assignee_id"]
    assert ids(client, "") == [ticket["id"]] and isinstance(desk, int)
    for same in (desk, str(desk), float(desk)):
        assert client.patch(address, json={"assignee_id": same}).json()["version"] == 2
    wrongs: list[Any] = [0, -1, 1.5, True, "x", "0", [desk], {}, 10**19, 10**9]
    for wrong in wrongs:
        refused = client.patch(address, json={"assignee_id": wrong})
        assert (refused.status_code, len(refused.json()["errors"])) == (422, 1), wrong
        assert refused.json()["errors"][0]["field"] == "assignee_id"
    assert client.patch(address, json={"assignee_id": None}).json()["assignee_id"] is None
    assert client.get(address).json()["version"] == 3


def test_what_the_engines_proposed_and_why(client: TestClient) -> None:
    ticket = post(client, title="Help", description="Production is down for all users.")
    answer = client.get(f"/api/tickets/{ticket['id']}/suggestions/")
    assert answer.status_code == 200
    proposed = {line["field"]: line for line in answer.json()}
    assert proposed["priority"]["value"] == ticket["priority"] == "critical"
    assert any("down" in phrase for phrase in proposed["priority"]["evidence"])
    assert {line["engine"] for line in answer.json()} == {"offline"} == {ticket["engine"]}
    assert client.get("/api/tickets/999/suggestions/").status_code == 404


def test_only_a_new_text_recomputes_the_scores(client: TestClient) -> None:
    ticket = post(client, description="Thank you, whenever you have time.")
    calm = ticket["sentiment"], ticket["urgency_score"]
    same = client.patch(f"/api/tickets/{ticket['id']}/", json={"status": "in_progress"}).json()
    assert (same["sentiment"], same["urgency_score"]) == calm
    angry = client.patch(
        f"/api/tickets/{ticket['id']}/",
        json={"description": f"UNACCEPTABLE!!! {OUTAGE} This is a disgrace, I want my money back!"},
    ).json()
    assert angry["sentiment"] in ("frustrated", "angry")
    assert angry["urgency_score"] > ticket["urgency_score"]
    assert (angry["category"], angry["priority"]) == (ticket["category"], ticket["priority"])


def test_resolved_at_follows_the_status(client: TestClient) -> None:
    address = f"/api/tickets/{post(client)['id']}/"

    def move(status: str) -> str | None:
        resolved_at: str | None = client.patch(address, json={"status": status}).json()[
            "resolved_at"
        ]
        return resolved_at

    assert move("in_progress") is None
    resolved = move("resolved")
    assert resolved is not None
    assert move("closed") == resolved
    assert move("open") is None
    again = move("closed")
    assert again is not None and again > resolved


def test_changing_nothing_changes_nothing(client: TestClient) -> None:
    ticket = post(client)
    for body in ({}, {"status": "open", "title": "A"}):
        assert client.patch(f"/api/tickets/{ticket['id']}/", json=body).json() == ticket


def test_a_deleted_ticket_is_gone_and_can_be_restored(client: TestClient) -> None:
    ticket = post(client)
    address = f"/api/tickets/{ticket['id']}/"
    answer = client.delete(address)
    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        gone = client.request(method, address, json={} if method == "PATCH" else None)
        assert (gone.status_code, gone.json()["code"]) == (404, "ticket_not_found")
    assert ids(client, "") == []
    assert client.get("/api/tickets/stats/").json()["total_tickets"] == 0
    assert client.post(f"{address}restore/").status_code == 200
    assert client.post(f"{address}restore/").status_code == 200  # a repeat succeeds as well
    assert ids(client, "") == [ticket["id"]]


def test_classify(client: TestClient) -> None:
    answer = client.post("/api/tickets/classify/", json={"description": OUTAGE})
    assert answer.status_code == 200
    body = answer.json()
    assert body["suggested_category"] == "technical"
    assert body["suggested_priority"] == "critical"
    assert body["engine"] == "offline"
    assert 0 < body["confidence"] <= 1
    assert ids(client, "") == []


@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("I cannot log in. It says my password is wrong.", "I cannot log in"),
        ("?!?", "Support request"),
    ],
)
def test_suggest_title(client: TestClient, description: str, title: str) -> None:
    answer = client.post("/api/tickets/suggest-title/", json={"description": description})
    assert answer.status_code == 200
    assert answer.json()["suggested_title"].rstrip(".") == title


def test_suggested_title_is_short(client: TestClient) -> None:
    answer = client.post("/api/tickets/suggest-title/", json={"description": "word " * 3000})
    assert 0 < len(answer.json()["suggested_title"]) <= 200


@pytest.mark.rest_in_prove("database")
def test_each_address_answers_with_and_without_its_slash(client: TestClient) -> None:
    number = post(client)["id"]
    text = {"description": "B"}
    calls = [
        ("GET", "/api/tickets", None),
        ("GET", "/api/tickets/stats", None),
        ("POST", "/api/tickets/classify", text),
        ("POST", "/api/tickets/suggest-title", text),
        ("POST", "/api/tickets", text | {"title": "A"}),
        ("GET", f"/api/tickets/{number}", None),
        ("PATCH", f"/api/tickets/{number}", {"status": "closed"}),
        ("GET", "/api/health", None),
        ("GET", "/api/docs", None),
        ("GET", "/api/openapi.json", None),
    ]
    for method, address, body in calls:
        for spelled in (address, f"{address}/"):
            answer = client.request(method, spelled, json=body, follow_redirects=False)
            assert answer.status_code in (200, 201), (method, spelled, answer.status_code)


def test_health_says_what_works(client: TestClient, database: str) -> None:
    body = client.get("/api/health/").json()
    assert body["live"] is True and body["ready"] is True
    assert body["database"]["state"] == "ok"
    assert body["database"]["engine"] == database.partition(":")[0].partition("+")[0]
    assert body["provider"]["configured"] is False


@pytest.mark.rest_in_prove("database")
def test_openapi_describes_the_contract(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()
    assert {"/api/tickets/", "/api/tickets/{ticket_id}/", "/api/tickets/stats/"} <= set(
        document["paths"]
    )
    page = client.get("/api/docs").text
    assert "//" not in page.replace("//cdn", "//cdn").split("<script")[1].split(">")[0]
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert client.get(f"/api/docs/files/{name}").status_code == 200
        assert f'"/api/docs/files/{name}"' in page


def test_the_documentation_runs_its_own_scripts_alone(client: TestClient) -> None:
    answer = client.get("/api/docs")
    policy = dict(
        part.split(" ", maxsplit=1)
        for part in answer.headers["content-security-policy"].split("; ")
    )
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["default-src"] == "'self'"


def test_similar_tickets_come_with_the_words_they_share(client: TestClient) -> None:
    first = post(client, title="Export stops", description="The nightly export stops at row 5000.")
    second = post(client, title="Export stops", description="The nightly export stops at row 70.")
    post(client, title="Ribbon", description="I had chosen gold, and it was silver.")
    (found,) = client.get(f"/api/tickets/{first['id']}/similar/").json()
    assert found["ticket"] == client.get(f"/api/tickets/{second['id']}/").json()
    assert 0.5 < found["similarity"] < 1
    assert {"export", "nightly", "row"} <= set(found["shared_words"])


def test_similar_tickets_are_as_many_as_wanted(client: TestClient) -> None:
    ids = [post(client, description="The nightly export stops.")["id"] for _ in range(23)]
    similar = f"/api/tickets/{ids[-1]}/similar/"
    for query, expected in (("", 5), ("?limit=1", 1), ("?limit=20", 20)):
        found = [one["ticket"]["id"] for one in client.get(f"{similar}{query}").json()]
        assert found == ids[-2 : -2 - expected : -1]
    for limit in ("0", "21", "-1", "x", "", "1_0", "%205", "+5", "\uff15"):
        assert client.get(f"{similar}?limit={limit}").status_code == 422


def test_nothing_is_similar_to_a_ticket_that_is_not_there(client: TestClient) -> None:
    gone = post(client)["id"]
    client.delete(f"/api/tickets/{gone}/")
    for ticket in (gone, 4_711):
        answer = client.get(f"/api/tickets/{ticket}/similar/")
        assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")
    assert client.get("/api/tickets/0/similar/").status_code == 422
