"""The OpenAPI document is true: every answer follows it."""

from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tests.api.fuzzing import find_failures
from tests.serving import running_desk
from ticket_app.api.app import make_api
from ticket_app.api.gateway.app import Gateway
from ticket_app.services.people.tokens import COOKIE
from ticket_app.settings import Settings

Json = dict[str, Any]
ATTACHMENT = "/api/tickets/{ticket_id}/attachments/{attachment_id}/"


@pytest.fixture(scope="module")
def document() -> Json:
    return make_api().openapi()


def parts(part: Any) -> list[Json]:
    """Returns every object inside a part of the document."""
    if isinstance(part, list):
        return [found for each in part for found in parts(each)]
    if not isinstance(part, dict):
        return []
    return [part, *(found for each in part.values() for found in parts(each))]


def test_a_change_publishes_no_defaults(document: Json) -> None:
    for name in ("TicketUpdate", "PersonUpdate"):
        change = document["components"]["schemas"][name]
        assert "required" not in change
        assert [each for each in parts(change) if "default" in each] == []


def test_numbers_say_how_large_they_are(document: Json) -> None:
    numbers = [each for each in parts(document) if each.get("type") in ("integer", "number")]
    assert {each.get("format") for each in numbers} == {"int32", "int64", "double"}
    assert [each for each in numbers if {"ge", "le"} & set(each)] == []  # words of Python
    schemas = document["components"]["schemas"]
    for name, field in (
        ("TicketPublic", "id"),
        ("TicketPublic", "version"),
        ("TicketStats", "total_tickets"),
        ("Calls", "input_tokens"),
    ):
        assert schemas[name]["properties"][field]["format"] == "int64"
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "ticket_id":
                    assert (parameter["schema"]["minimum"], parameter["schema"]["format"]) == (
                        1, "int64",
                    ), path  # fmt: skip


def test_what_is_always_there_is_required_and_what_may_be_null_says_so(document: Json) -> None:
    schemas = document["components"]["schemas"]
    may_be_absent = {
        name: set(schema["properties"]) - set(schema.get("required", ()))
        for name, schema in schemas.items()
        if schema["type"] == "object"
    }
    fields = {"title", "description", "category", "priority", "status"}
    requester = {"requester_name", "requester_email"}
    assert {name: absent for name, absent in may_be_absent.items() if absent} == {
        "TicketCreate": {"category", "priority", "status"} | requester,
        "TicketUpdate": fields | requester | {"assignee_id"},
        "MessageCreate": {"kind", "from", "attachments"},
        "TokenCreate": {"scope", "days"},
        "PersonUpdate": {"name", "role", "active", "hand_to"},
        "Problem": {"errors"},
    }
    nullable = {
        field
        for field, schema in schemas["TicketPublic"]["properties"].items()
        if {"type": "null"} in schema.get("anyOf", ())
    }
    assert nullable == {"requester_name", "requester_email", "resolved_at"} | {
        "waiting_since",
        "first_responded_at",
        "assignee_id",
    }
    for path in ("/api/tickets/", "/api/people/"):
        query = document["paths"][path]["get"]["parameters"]
        assert [each["name"] for each in query if "null" in str(each["schema"])] == []


def test_texts_publish_their_lengths(document: Json) -> None:
    for name in ("TicketCreate", "TicketUpdate"):
        fields = document["components"]["schemas"][name]["properties"]
        assert (fields["title"]["minLength"], fields["title"]["maxLength"]) == (1, 200)
        assert (fields["description"]["minLength"], fields["description"]["maxLength"]) == (
            1, 20_000,
        )  # fmt: skip
        assert fields["title"]["pattern"] and fields["description"]["pattern"]
        assert fields["requester_name"]["anyOf"][0]["maxLength"] == 100
        assert fields["requester_email"]["anyOf"][0]["maxLength"] == 254
        assert fields["requester_email"]["anyOf"][0]["format"] == "idn-email"


def test_every_failure_is_described_as_the_problem_that_it_is(document: Json) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            statuses = {status for status in operation["responses"] if status >= "400"}
            expected = {"400", "414", "500", "503"}
            expected |= {"404"} if "_id}" in path else set()
            conflicting = (("post", "/api/me/tokens/"), ("patch", "/api/people/{person_id}/"))
            expected |= {"409"} if (method, path) in conflicting else set()
            is_upload = (method, path) == ("post", "/api/tickets/{ticket_id}/attachments/")
            expected |= {"409", "507"} if is_upload else set()
            is_draft = (method, path) == ("post", "/api/tickets/{ticket_id}/drafted-replies/")
            expected |= {"409", "429", "502", "504"} if is_draft else set()
            is_file = (method, path) == ("get", ATTACHMENT)
            expected |= {"410", "416"} if is_file else set()
            expected |= {"410"} if path == f"{ATTACHMENT}thumbnail/" else set()
            conditional = method in ("patch", "delete") and path == "/api/tickets/{ticket_id}/"
            expected |= {"412"} if conditional else set()
            expected |= {"429"} if (method, path) == ("post", "/api/me/tokens/") else set()
            expected |= {"401"} if path != "/api/health/" else set()
            own = ("/api/health/", "/api/tickets/", "/api/tickets/{ticket_id}/")
            expected |= {"403"} if method != "get" or path not in own else set()
            expected |= {"408", "413", "415"} if "requestBody" in operation else set()
            expected |= {"422"} if {"requestBody", "parameters"} & set(operation) else set()
            assert statuses == expected, (method, path)
            for status in statuses:
                if (path, status) != ("/api/health/", "503"):
                    content = operation["responses"][status]["content"]
                    assert set(content) == {"application/problem+json"}, (method, path, status)


def test_both_ways_to_sign_in_are_declared(document: Json) -> None:
    ways = document["components"]["securitySchemes"]
    assert (ways["token"]["scheme"], ways["session"]["name"]) == ("bearer", COOKIE)
    assert document["security"] == [{}, {"token": []}, {"session": []}]


async def no_pages(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for Reflex's application, which REST does not need."""


@pytest.mark.usefixtures("sqlite_database", "attachments_folder")
def test_generated_requests_are_answered_as_the_document_says() -> None:
    desk = Gateway(no_pages, api=make_api(), site=None, settings=Settings(allowed_hosts="*"))
    requests, found = find_failures(desk, examples=3, thorough=False)
    assert found == {}
    assert requests > 80


@pytest.mark.prove
def test_ten_thousand_requests_are_answered_as_the_document_says(
    postgres_database: str, tmp_path: Path
) -> None:
    with running_desk(tmp_path, DATABASE_URL=postgres_database) as desk:
        requests, found = find_failures(desk.url, examples=1_200, thorough=True)
    print(f"{requests} requests, {len(found)} findings")  # the figures for `make prove`
    assert found == {}
    assert requests >= 10_000
