"""Any input gets an answer that says what to do, and never a 500."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from ticket_app.vocabulary import Category, Priority, Status

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)  # with NUL and lone surrogates
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
TICKET = st.fixed_dictionaries(
    {},
    optional={
        "title": ANY_TEXT | JSON,
        "description": ANY_TEXT | JSON,
        "category": st.sampled_from(list(Category)) | JSON,
        "priority": st.sampled_from(list(Priority)) | JSON,
        "status": st.sampled_from(list(Status)) | JSON,
        "requester_name": ANY_TEXT | st.none(),
        "requester_email": ANY_TEXT | st.none(),
        "anything": JSON,
    },
)
SHORT = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
LONG = settings(SHORT, max_examples=3_000)


def check(client: TestClient, ticket: dict[str, Any], search: str) -> None:
    """Create this ticket, update one, and search: every answer follows the contract."""
    for method, address in (("POST", "/api/tickets/"), ("PATCH", "/api/tickets/1/")):
        answer = client.request(method, address, content=_json(ticket), headers=JSON_BODY)
        assert answer.status_code < 500, (method, ticket, answer.text)
        if answer.status_code >= 400:
            body = answer.json()
            assert body["code"] and body["detail"]
        else:
            assert client.get(f"/api/tickets/{answer.json()['id']}/").json() == answer.json()
    found = client.get("/api/tickets/", params={"search": search.encode("utf-8", "surrogatepass")})
    assert found.status_code in (200, 422), (search, found.text)


JSON_BODY = {"content-type": "application/json"}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()  # lone surrogates as escapes, NaN as NaN


@SHORT
@given(ticket=TICKET, search=ANY_TEXT)
def test_any_input_is_answered(client: TestClient, ticket: dict[str, Any], search: str) -> None:
    check(client, ticket, search)


@pytest.mark.prove
@LONG
@given(ticket=TICKET, search=ANY_TEXT)
def test_very_many_inputs_are_answered(
    client: TestClient, ticket: dict[str, Any], search: str
) -> None:
    check(client, ticket, search)
