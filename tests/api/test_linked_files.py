"""Whoever holds the signed link of a ticket reads and uploads its files, without an account."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from harness.accounts import acting, administrator
from tests.api.test_problems import assert_problem
from tests.services.conversation.test_attachments import sent
from tests.services.conversation.test_thumbnails import picture
from tests.services.desk import attached, opened
from ticket_app.actor import by_command
from ticket_app.api.app import make_api
from ticket_app.services.people import caps
from ticket_app.services.people.ticket_links import sign
from ticket_app.vocabulary import Role


@pytest.fixture
def client(sqlite_database: str, attachments_folder: Path) -> TestClient:
    """A client that has not signed in at a desk with accounts."""
    return TestClient(make_api(), raise_server_exceptions=False)


def address(ticket_id: int, rest: str = "", key: str | None = None) -> str:
    signature = sign(by_command(), ticket_id) if key is None else key
    return f"/api/linked/{ticket_id}/attachments/{rest}?key={signature}"


def upload(client: TestClient, where: str, content: bytes = b"Hi", name: str = "a.txt") -> Any:
    return client.post(where, files={"file": (name, content)})


def test_a_link_opens_what_its_requester_may_read_and_nothing_else(client: TestClient) -> None:
    ada = acting(administrator(), Role.ADMINISTRATOR)
    own, foreign = opened().id, opened().id
    image, secret = (attached(own, picture(), "a.png", actor=ada).id for _ in range(2))
    other = attached(foreign, b"other", actor=ada).id
    sent(own, image, actor=ada)
    sent(own, secret, actor=ada, kind="note")
    sent(foreign, other, actor=ada)
    waits = attached(own, b"not sent", actor=ada).id
    shown = client.get(address(own, f"{image}/"))
    assert (shown.status_code, shown.content) == (200, picture())
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    small = client.get(address(own, f"{image}/thumbnail/"))
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert small.headers["x-content-type-options"] == "nosniff"
    for number in (secret, other, waits, 10**6):
        for rest in (f"{number}/", f"{number}/thumbnail/"):
            assert_problem(client.get(address(own, rest)), 404, "attachment_not_found")
    assert client.get(f"/api/tickets/{own}/attachments/{image}/").status_code == 401


def test_a_link_uploads_for_its_ticket_alone(client: TestClient) -> None:
    administrator()
    own, foreign = opened().id, opened().id
    kept = upload(client, f"{address(own)}&kind=note").json()  # a requester has no notes
    assert client.get(address(own, f"{kept['id']}/")).content == b"Hi"
    assert client.get(address(foreign, f"{kept['id']}/")).status_code == 404
    wrong = sign(by_command(), foreign)
    for key in (wrong, "", "x", "ü"):
        for method, rest in (("POST", ""), ("GET", "1/"), ("GET", "1/thumbnail/")):
            files = {"file": ("a.txt", b"Hi")} if method == "POST" else None
            answer = client.request(method, address(own, rest, key), files=files)
            assert_problem(answer, 404, "ticket_not_found")
    assert client.post(f"/api/linked/{own}/attachments/").status_code == 422


def test_a_client_uploads_few_files_an_hour_by_links(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator()
    own = opened().id
    monkeypatch.setattr(caps, "UPLOADS_OF_CLIENT", caps.Cap(2, 3600.0))
    assert [upload(client, address(own)).status_code for _ in range(3)] == [201, 201, 429]


def test_a_program_and_a_page_are_as_harmless_by_a_link(client: TestClient) -> None:
    administrator()
    own = opened().id
    refused = upload(client, address(own), b"MZ\x90\0", "a.exe")
    assert_problem(refused, 415, "attachment_is_program")
    page = upload(client, address(own), b"<!DOCTYPE html><script>1</script>", "a.html").json()
    served = client.get(address(own, f"{page['id']}/"))
    assert served.headers["content-disposition"].startswith("attachment; ")
    assert served.headers["content-type"] == "application/octet-stream"
