"""Every address names its methods, and answers HEAD wherever it answers GET."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.test_problems import assert_problem
from ticket_app.api.app import make_api
from ticket_app.api.methods import FIXED

TICKET = {"title": "A", "description": "B"}
CHANGES = {"GET", "HEAD", "PATCH", "DELETE"}
ADDRESSES = {
    "/api/tickets/": {"GET", "HEAD", "POST"},
    "/api/tickets/stats/": {"GET", "HEAD"},
    "/api/tickets/classify/": {"POST"},
    "/api/tickets/suggest-title/": {"POST"},
    "/api/tickets/1/": CHANGES,
    "/api/tickets/1/suggestions/": {"GET", "HEAD"},
    "/api/tickets/1/messages/": {"GET", "HEAD", "POST"},
    "/api/tickets/1/draft/": {"POST"},
    "/api/tickets/1/attachments/": {"POST"},
    "/api/tickets/1/attachments/1/": {"GET", "HEAD", "DELETE"},
    "/api/tickets/1/attachments/1/thumbnail/": {"GET", "HEAD"},
    "/api/tickets/1/events/": {"GET", "HEAD"},
    "/api/tickets/1/participants/": {"GET", "HEAD", "POST"},
    "/api/tickets/1/participants/1/": {"DELETE"},
    "/api/tickets/1/similar/": {"GET", "HEAD"},
    "/api/tickets/1/drafted-replies/": {"POST"},
    "/api/tickets/1/drafted-replies/1/": {"GET", "HEAD", "DELETE"},
    "/api/tickets/1/restore/": {"POST"},
    "/api/triage/report/": {"GET", "HEAD"},
    "/api/me/": {"GET", "HEAD"},
    "/api/me/tokens/": {"GET", "HEAD", "POST"},
    "/api/me/tokens/1/": {"DELETE"},
    "/api/sign-in/oidc/": {"GET", "HEAD"},
    "/api/sign-in/oidc/callback/": {"GET", "HEAD"},
    "/api/audit/": {"GET", "HEAD"},
    "/api/notifications/": {"GET", "HEAD"},
    "/api/notifications/unread/": {"GET", "HEAD"},
    "/api/notifications/read/": {"POST"},
    "/api/people/": {"GET", "HEAD"},
    "/api/people/1/": {"GET", "HEAD", "PATCH"},
    "/api/health/": {"GET", "HEAD"},
    "/api/docs": {"GET", "HEAD"},
    "/api/docs/files/swagger-ui.css": {"GET", "HEAD"},
    "/api/openapi.json": {"GET", "HEAD"},
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


@pytest.fixture
def client(sqlite_database: str) -> TestClient:
    """A client on SQLite alone, because methods do not depend on the database."""
    return TestClient(make_api(), raise_server_exceptions=False)


def allowed(answer: Any) -> set[str]:
    return set(answer.headers["allow"].split(", "))


def test_a_method_that_is_not_allowed_is_refused_with_those_that_are(client: TestClient) -> None:
    client.post("/api/tickets/", json=TICKET)
    for address, methods in ADDRESSES.items():
        for method in METHODS:
            body: dict[str, str] | None = {} if method in ("POST", "PUT", "PATCH") else None
            answer = client.request(method, address, json=body)
            if method in methods:
                assert answer.status_code != 405, (method, address)
            elif method == "HEAD":
                assert (answer.status_code, answer.content) == (405, b"")
                assert allowed(answer) == methods
            else:
                assert_problem(answer, 405, "method_not_allowed")
                assert allowed(answer) == methods, (method, address)


def test_no_fixed_address_is_taken_for_a_tickets(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    beside = {path.split("/")[3] for path in paths if path.startswith("/api/tickets/")}
    assert {name for name in beside if name and "{" not in name} == set(FIXED)


def test_every_address_of_the_document_is_tried_above(client: TestClient) -> None:
    document = client.get("/api/openapi.json").json()["paths"]
    tried = set(ADDRESSES)
    things_of = {"tickets": "ticket", "tokens": "token", "people": "person"}
    of_tickets = {"attachments": "attachment", "participants": "participant"}
    of_tickets |= {"drafted-replies": "draft"}
    for things, one in (things_of | of_tickets).items():
        tried = {each.replace(f"{things}/1/", f"{things}/{{{one}_id}}/") for each in tried}
    assert set(document) <= tried


@pytest.mark.parametrize(
    "address", [address for address, methods in ADDRESSES.items() if "GET" in methods]
)
def test_head_is_get_without_the_body(client: TestClient, address: str) -> None:
    for _ in range(2):
        client.post("/api/tickets/", json=TICKET)
    for spelled in (address, f"{address}?limit=1") if "tickets/" in address else (address,):
        whole, head = client.get(spelled), client.head(spelled)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers == whole.headers
        assert len(whole.content) == int(whole.headers["content-length"])


def test_head_of_what_is_not_there(client: TestClient) -> None:
    for address in ("/api/tickets/99/", "/api/nothing/", "/api/tickets/x/"):
        whole, head = client.get(address), client.head(address)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers == whole.headers
