"""ETag, If-None-Match and If-Match of a ticket."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.test_problems import assert_problem
from ticket_app.api.app import make_api

TICKET = {"title": "A", "description": "B", "category": "billing"}
ADDRESS = "/api/tickets/1/"
OTHER = '"1.1.0000000000000000"'


@pytest.fixture
def client(sqlite_database: str) -> TestClient:
    """A client of a desk with one ticket, without accounts; the services run on both databases."""
    client = TestClient(make_api(), raise_server_exceptions=False)
    client.post("/api/tickets/", json=TICKET)
    return client


def tag_of(client: TestClient) -> str:
    return client.get(ADDRESS).headers["etag"]


def change(client: TestClient, tags: str, **fields: Any) -> Any:
    return client.patch(ADDRESS, json=fields or {"title": "C"}, headers={"If-Match": tags})


def test_a_tag_is_that_of_the_json(client: TestClient) -> None:
    before = client.get(ADDRESS)
    assert before.headers["etag"].startswith('"1.1.')
    changed = client.patch(ADDRESS, json={"title": "C"})
    after = client.get(ADDRESS)
    assert (after.text, after.headers["etag"]) == (changed.text, changed.headers["etag"])
    assert after.headers["etag"] != before.headers["etag"]
    decided = client.patch(ADDRESS, json={"category": after.json()["category"]})
    assert decided.json()["version"] == after.json()["version"]
    assert (decided.headers["etag"] == after.headers["etag"]) is (decided.text == after.text)


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        (f'{OTHER}, "x,y"  ,\t{{tag}}', 304),
        ("*", 304),
        (OTHER, 200),
        ("", 200),
        ('"*"', 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_client_knows_is_not_sent_again(
    client: TestClient, tags: str, status: int, method: str
) -> None:
    tag = tag_of(client)
    answer = client.request(method, ADDRESS, headers={"If-None-Match": tags.format(tag=tag)})
    assert (answer.status_code, answer.headers["etag"]) == (status, tag)
    assert bool(answer.content) is (status == 200 and method == "GET")
    changed = client.patch(ADDRESS, json={"title": "C"})
    if tags != "*":
        answer = client.get(ADDRESS, headers={"If-None-Match": tags.format(tag=tag)})
        assert (answer.status_code, answer.json()) == (200, changed.json())


@pytest.mark.parametrize("tags", [OTHER, "W/{tag}", "", '"*"', f"{OTHER}, W/{{tag}}"])
def test_a_stale_tag_changes_nothing_and_is_answered_with_the_ticket(
    client: TestClient, tags: str
) -> None:
    ticket, tag = client.get(ADDRESS).json(), tag_of(client)
    for answer in (
        change(client, tags.format(tag=tag)),
        change(client, tags.format(tag=tag), title="A"),  # as it is already
        client.delete(ADDRESS, headers={"If-Match": tags.format(tag=tag)}),
    ):
        problem = assert_problem(answer, 412, "precondition_failed")
        assert (problem["ticket"], answer.headers["etag"]) == (ticket, tag)
    assert client.get(ADDRESS).json() == ticket


@pytest.mark.parametrize("tags", ["{tag}", "*", f"{OTHER},{{tag}}"])
def test_a_ticket_with_the_tag_is_changed_and_deleted(client: TestClient, tags: str) -> None:
    assert change(client, tags.format(tag=tag_of(client)), status="closed").status_code == 200
    assert client.get(ADDRESS).json()["status"] == "closed"
    deleted = client.delete(ADDRESS, headers={"If-Match": tags.format(tag=tag_of(client))})
    assert deleted.status_code == 204
    assert_problem(change(client, tags.format(tag=OTHER)), 404, "ticket_not_found")


def test_several_lines_of_a_header_are_one_list(client: TestClient) -> None:
    lines = [("if-match", OTHER), ("if-match", tag_of(client))]
    assert client.patch(ADDRESS, json={"title": "C"}, headers=lines).status_code == 200


@pytest.mark.parametrize(
    "tags", ["1.1", '"a', '"a" "b"', '*, "a"', 'w/"a"', '"a b"', f'"{chr(233)}"']
)
def test_a_malformed_list_of_tags_is_told(client: TestClient, tags: str) -> None:
    header = tags.encode("latin-1")
    answers = {
        "If-Match": client.patch(ADDRESS, json={"title": "C"}, headers={b"If-Match": header}),
        "If-None-Match": client.get(ADDRESS, headers={b"If-None-Match": header}),
    }
    for name, answer in answers.items():
        problem = assert_problem(answer, 422, "validation_failed")
        assert [each["field"] for each in problem["errors"]] == [name]
    assert client.get(ADDRESS).json()["title"] == "A"


def test_a_long_header_takes_no_long_time(client: TestClient) -> None:
    assert change(client, "," * 20_000 + " " * 20_000 + "x").status_code == 422


def test_the_document_tells_of_tags(client: TestClient) -> None:
    ticket = client.get("/api/openapi.json").json()["paths"]["/api/tickets/{ticket_id}/"]
    for method, name, status in (
        ("get", "If-None-Match", "304"),
        ("patch", "If-Match", "412"),
        ("delete", "If-Match", "412"),
    ):
        assert name in [each["name"] for each in ticket[method]["parameters"]]
        assert "ETag" in ticket[method]["responses"][status]["headers"]
    shape = ticket["patch"]["responses"]["412"]["content"]["application/problem+json"]["schema"]
    assert shape["$ref"].endswith("/StaleTicketProblem")
