"""REST gives the triage report."""

import pytest
from starlette.testclient import TestClient


def test_the_report(client: TestClient) -> None:
    client.post("/api/tickets/", json={"title": "A", "description": "B", "priority": "high"})
    answer = client.get("/api/triage/report/?last_days=7")
    assert answer.status_code == 200
    body = answer.json()
    assert body["last_days"] == 7
    (override,) = body["overrides"]
    assert (override["field"], override["engine"]) == ("priority", "offline")
    assert override["overridden"] | {"low": 0, "high": 0} == {
        "n": 1, "count": 1, "rate": 1.0, "low": 0, "high": 0,
    }  # fmt: skip
    assert client.get("/api/triage/report/").json()["last_days"] == 30


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize("last_days", ["8", "-7", "x", "1e400", "3_0", "%2030", "+7", "030", "7.0"])
def test_another_window_is_refused(client: TestClient, last_days: str) -> None:
    answer = client.get(f"/api/triage/report/?last_days={last_days}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith("last_days")
