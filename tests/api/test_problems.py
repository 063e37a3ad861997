"""Bad input is answered by a problem that says what to do, and stores nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from ticket_app.data.engine import use_database
from ticket_app.services.people import identity

TICKET = {"title": "A", "description": "B"}
JSON = {"content-type": "application/json"}


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Assert an RFC 9457 body with every member; returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["title"] and body["detail"].endswith(".")
    return body


def nothing_stored(client: TestClient) -> bool:
    return bool(client.get("/api/tickets/").json() == [])


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"title": None}, ["title"]),
        ({"title": ""}, ["title"]),
        ({"title": " \u200b\u3000"}, ["title"]),
        ({"title": "x" * 201}, ["title"]),
        ({"title": 5}, ["title"]),
        ({"title": "a\0b"}, ["title"]),
        ({"title": "a\x1bb", "requester_name": "a\nb"}, ["title", "requester_name"]),
        ({"title": "\u3164", "description": "\u200d\u2800"}, ["title", "description"]),
        ({"requester_email": "ana@example.com,"}, ["requester_email"]),
        ({"description": "\n\t"}, ["description"]),
        ({"description": "x" * 20_001}, ["description"]),
        ({"category": "sales"}, ["category"]),
        ({"priority": "URGENT"}, ["priority"]),
        ({"status": "pending"}, ["status"]),
        ({"sentiment": "calm"}, ["sentiment"]),
        ({"urgency_score": 100}, ["urgency_score"]),
        ({"id": 7}, ["id"]),
        ({"requester_email": "ana"}, ["requester_email"]),
        ({"requester_email": "ana @b"}, ["requester_email"]),
        ({"requester_name": "x" * 101}, ["requester_name"]),
        ({"title": "", "description": ""}, ["title", "description"]),
    ],
    ids=repr,
)
def test_wrong_fields_are_named(client: TestClient, change: Any, fields: list[str]) -> None:
    body = assert_problem(
        client.post("/api/tickets/", json=TICKET | change), 422, "validation_failed"
    )
    assert [error["field"] for error in body["errors"]] == fields
    assert all(error["message"] for error in body["errors"])
    assert nothing_stored(client)


@pytest.mark.rest_in_prove("database")
def test_absent_fields_are_named(client: TestClient) -> None:
    body = assert_problem(client.post("/api/tickets/", json={}), 422, "validation_failed")
    assert [error["field"] for error in body["errors"]] == ["title", "description"]


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"title": "A" "description": "B"}',
        b"\xff\xfe\x00",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"title": "\xff", "description": "B"}',
    ],
    ids=["cut", "comma", "bytes", "arrays", "objects", "utf8"],
)
def test_unreadable_bodies(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/tickets/", content=body, headers=JSON)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert nothing_stored(client)


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "a\\u0000b", "description": "B"}',
        b'{"title": "a\\ud800", "description": "B"}',
        b'{"title": "A", "description": "\\udfff"}',
        b"[]",
        b"null",
        b'"text"',
        b"123456789012345678901234567890",
        b"NaN",
    ],
)
def test_wrong_values_in_json(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/tickets/", content=body, headers=JSON)
    assert_problem(answer, 422, "validation_failed")
    assert nothing_stored(client)


@pytest.mark.rest_in_prove("database")
def test_json_that_is_cut_is_400(client: TestClient) -> None:
    answer = client.post("/api/tickets/", content=b'{"title": ', headers=JSON)
    assert_problem(answer, 400, "invalid_json")


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""]
)
def test_other_media_types_are_415(client: TestClient, content_type: str) -> None:
    answer = client.post(
        "/api/tickets/",
        content=b'{"title": "A", "description": "B"}',
        headers={"content-type": content_type},
    )
    assert_problem(answer, 415, "unsupported_media_type")
    assert nothing_stored(client)


def chunks(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b" " * 65_536


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("size", [17, 320])
def test_a_chunked_body_over_1_mib_is_413(client: TestClient, size: int) -> None:
    answer = client.post("/api/tickets/", content=chunks(size), headers=JSON)
    assert_problem(answer, 413, "body_too_large")


@pytest.mark.rest_in_prove("database")
def test_an_announced_body_over_1_mib_is_413(client: TestClient) -> None:
    answer = client.post("/api/tickets/", json=TICKET | {"description": "x" * 2**20})
    assert_problem(answer, 413, "body_too_large")
    assert nothing_stored(client)


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "caf\xe9", "description": "B"}',
        '{"title": "A", "description": "B"}'.encode("utf-16"),
        '{"title": "A", "description": "B"}'.encode("utf-16-le"),
        '{"title": "A", "description": "B"}'.encode("utf-32"),
        b'{"title": "half a pair \xed\xa0\x80", "description": "B"}',
        b"\xff",
    ],
    ids=["latin-1", "utf-16", "utf-16-le", "utf-32", "surrogate", "no text"],
)
def test_a_body_that_is_not_utf8_is_told_so(client: TestClient, body: bytes) -> None:
    for method, address in (("POST", "/api/tickets/"), ("PATCH", "/api/tickets/1/")):
        answer = client.request(method, address, content=body, headers=JSON)
        assert "UTF-8" in assert_problem(answer, 400, "not_utf8")["detail"]
    assert nothing_stored(client)


def test_a_byte_order_mark_is_no_fault(client: TestClient) -> None:
    body = b'\xef\xbb\xbf{"title": "A", "description": "B"}'
    assert client.post("/api/tickets/", content=body, headers=JSON).status_code == 201


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    "number",
    [
        *("0", "-1", "abc", "1.5", str(2**63), "9" * 400, "%00"),
        *("1_0", "%201", "1%20", "+1", "01", "1.0", "1e0", "0x1", "\uff11", "\u0661", "1%0A"),
    ],
)
def test_ids_that_cannot_be(client: TestClient, number: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        body: dict[str, str] | None = {} if method == "PATCH" else None
        answer = client.request(method, f"/api/tickets/{number}/", json=body)
        assert_problem(answer, 422, "validation_failed")


def test_ids_that_are_not_there(client: TestClient) -> None:
    for number in (1, 2**63 - 1):
        assert_problem(client.get(f"/api/tickets/{number}/"), 404, "ticket_not_found")


@pytest.mark.rest_in_prove("database")
def test_unknown_addresses_and_methods(client: TestClient) -> None:
    assert_problem(client.get("/api/nothing/"), 404, "not_found")
    assert_problem(client.get("/api/tickets/1/2/"), 404, "not_found")
    answer = client.put("/api/tickets/", json=TICKET)
    assert_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["allow"] or "GET" in answer.headers["allow"]


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("field", ["title", "description", "category", "priority", "status"])
def test_null_does_not_clear_what_a_ticket_needs(client: TestClient, field: str) -> None:
    number = client.post("/api/tickets/", json=TICKET).json()["id"]
    body = assert_problem(
        client.patch(f"/api/tickets/{number}/", json={field: None}), 422, "validation_failed"
    )
    assert [error["field"] for error in body["errors"]] == [field]


@pytest.mark.rest_in_prove("database")
def test_a_secret_looking_input_is_not_repeated(client: TestClient) -> None:
    answer = client.post("/api/tickets/", json=TICKET | {"pasword": "hunter2"})
    assert "hunter2" not in answer.text


@pytest.mark.rest_in_prove("database")
def test_other_sites_get_no_cors(client: TestClient) -> None:
    preflight = client.options(
        "/api/tickets/",
        headers={
            "origin": "https://evil.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        },
    )
    plain = client.get("/api/tickets/", headers={"origin": "https://evil.example"})
    for answer in (preflight, plain):
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("written", ["https://intranet.example", "https://Intranet.example:443"])
def test_allowed_origins_get_cors(
    monkeypatch: pytest.MonkeyPatch, sqlite_database: str, written: str
) -> None:
    from ticket_app.api.app import make_api

    monkeypatch.setenv("ALLOWED_ORIGINS", written)
    client = TestClient(make_api())
    answer = client.get("/api/tickets/", headers={"origin": "https://intranet.example"})
    assert answer.headers["access-control-allow-origin"] == "https://intranet.example"
    assert "Idempotency-Replayed" in answer.headers["access-control-expose-headers"]
    preflight = client.options(
        "/api/tickets/",
        headers={
            "origin": "https://intranet.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type, idempotency-key",
        },
    )
    assert preflight.status_code == 200


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg2://desk@127.0.0.1:9/desk", "sqlite:////proc/desk.sqlite3"],
    ids=["postgresql", "sqlite"],
)
def test_a_database_that_is_away_is_503(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ticket_app.api.app import make_api

    client = TestClient(make_api(), raise_server_exceptions=False)
    use_database(url)
    monkeypatch.setattr(identity._memory, "is_open", True)  # as it was read before
    try:
        for method, address in (
            ("GET", "/api/tickets/"), ("GET", "/api/tickets/stats/"), ("POST", "/api/tickets/"),
            ("PATCH", "/api/tickets/1/"), ("DELETE", "/api/tickets/1/"),
        ):  # fmt: skip
            body = TICKET if method in ("POST", "PATCH") else None
            answer = client.request(method, address, json=body)
            assert_problem(answer, 503, "database_unavailable")
            assert int(answer.headers["retry-after"]) > 0
        health = client.get("/api/health/")
        assert health.status_code == 503
        assert health.json()["database"]["state"] == "unavailable"
    finally:
        use_database(None)
