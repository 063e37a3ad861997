"""Attachments over REST: uploaded, sent with a message, and served so that they do nothing."""

from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.api.test_problems import assert_problem
from ticket_app.api.app import make_api
from ticket_app.data.conversation.attachments import files
from ticket_app.services.conversation.attachments import uploading
from ticket_app.settings import get_settings

TICKET = {"title": "A", "description": "B"}
ATTACHMENTS, MESSAGES = "/api/tickets/1/attachments/", "/api/tickets/1/messages/"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
HTML = b"<!DOCTYPE html><script>alert(1)</script>"


@pytest.fixture
def client(sqlite_database: str, attachments_folder: Path) -> TestClient:
    """A client of an open desk with one ticket; the services run on both databases."""
    client = TestClient(make_api(), raise_server_exceptions=False)
    client.post("/api/tickets/", json=TICKET)
    return client


def upload(client: TestClient, content: bytes = PNG, name: str = "screen.png") -> Any:
    return client.post(ATTACHMENTS, files={"file": (name, content, "text/html")})


def kept(client: TestClient, content: bytes = PNG, name: str = "screen.png") -> Any:
    answer = upload(client, content, name)
    assert answer.status_code == 201, answer.text
    return answer.json()


def contents(folder: Path) -> list[str]:
    """Returns the names of all files below the folder."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_is_uploaded_sent_and_read(client: TestClient, attachments_folder: Path) -> None:
    answer = upload(client)
    one = answer.json()
    assert answer.headers["location"] == one["url"] == f"{ATTACHMENTS}{one['id']}/"
    assert (one["name"], one["media_type"], one["size"]) == ("screen.png", "image/png", len(PNG))
    new = {"body": "See the screen.", "attachments": [one["id"]]}
    said = client.post(MESSAGES, json=new).json()
    assert said["attachments"] == [one]
    assert client.get(MESSAGES).json() == [said]
    served = client.get(one["url"])
    assert (served.status_code, served.content) == (200, PNG)
    assert served.headers["content-type"] == "image/png"
    assert contents(attachments_folder) == [sha256(PNG).hexdigest()]
    again = assert_problem(client.post(MESSAGES, json=new), 422, "validation_failed")
    assert [each["field"] for each in again["errors"]] == ["attachments.0"]
    assert len(client.get(MESSAGES).json()) == 1


def test_what_is_sent_is_not_deleted_and_what_is_not_is(client: TestClient) -> None:
    sent, unsent = kept(client), kept(client, b"other")
    client.post(MESSAGES, json={"body": "See.", "attachments": [sent["id"]]})
    assert_problem(client.delete(sent["url"]), 404, "attachment_not_found")
    assert client.delete(unsent["url"]).status_code == 204
    assert_problem(client.get(unsent["url"]), 404, "attachment_not_found")
    assert client.get(sent["url"]).content == PNG


@pytest.mark.parametrize(
    ("content", "name", "media_type", "disposition"),
    [
        (PNG, "a.png", "image/png", "inline"),
        (PNG, "a.html", "image/png", "inline"),
        (b"GIF89a" + bytes(20), "a", "image/gif", "inline"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20), "a.jpeg", "image/jpeg", "inline"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20), "a.webp", "image/webp", "inline"),
        (SVG, "a.svg", "image/svg+xml", "attachment"),
        (SVG, "a.png", "image/svg+xml", "attachment"),
        (HTML, "a.html", "text/html", "attachment"),
        (HTML, "a.gif", "text/html", "attachment"),
        (b"%PDF-1.7\n%\xe2\xe3", "a.png", "application/pdf", "attachment"),
        (b"BM is a company.", "a.txt", "text/plain", "attachment"),
        ("Käse\n".encode(), "a.png", "text/plain", "attachment"),
        (b"\0\x01\x02", "a.png", "application/octet-stream", "attachment"),
    ],
)
def test_the_content_says_what_it_is_and_little_is_shown_in_a_page(
    client: TestClient, content: bytes, name: str, media_type: str, disposition: str
) -> None:
    one = kept(client, content, name)
    assert one["media_type"] == media_type
    served = client.get(one["url"])
    shown = media_type if disposition == "inline" else "application/octet-stream"
    assert served.headers["content-type"] == shown
    assert served.headers["content-disposition"].startswith(f"{disposition}; ")
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert served.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("résumé €.pdf", "résumé €.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\x.txt", "x.txt"),
        ("..", "attachment"),
        ("a\r\nSet-Cookie: x=1.txt", "a  Set-Cookie_ x=1.txt"),
        ('a"; filename="b.txt', "a_; filename=_b.txt"),
        ("\u202egnp.exe.txt", "gnp.exe.txt"),
        ("\u200b", "attachment"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
    ],
)
def test_a_name_is_text_on_one_line_and_no_path(
    client: TestClient, attachments_folder: Path, said: str, name: str
) -> None:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{_quoted(said)}"\r\n\r\n'
    answer = client.post(
        ATTACHMENTS,
        content=head.encode() + b"Hello\r\n--b--\r\n",
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.json()["name"] == name
    offered = client.get(answer.json()["url"]).headers["content-disposition"]
    assert offered.endswith(f"; filename*=UTF-8''{quote(name, safe='')}")
    assert offered.isascii()
    assert offered.count('"') == 2
    assert contents(attachments_folder) == [sha256(b"Hello").hexdigest()]


def _quoted(name: str) -> str:
    """Returns a name as curl quotes it. A line end would end the header: it is left to the form."""
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "\u2028\u2029")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MZ\x90\0\x03" + bytes(60), "photo.png"),
        (b"\x7fELF\x02\x01" + bytes(60), "tool"),
        (b"\xcf\xfa\xed\xfe\x07" + bytes(60), "tool"),
        (b"Hello", "invoice.pdf.exe"),
        (b"Hello", "setup.BAT"),
        (b"Hello", "setup.ex\u200be"),
        (b"Hello", "setup.exe. "),
    ],
)
def test_no_program_is_taken(
    client: TestClient, attachments_folder: Path, content: bytes, name: str
) -> None:
    assert_problem(upload(client, content, name), 415, "attachment_is_program")
    assert contents(attachments_folder) == []


def test_too_large_is_refused_before_or_while_it_comes(
    client: TestClient, attachments_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTACHMENT_MAX_MIB", "1")
    get_settings.cache_clear()
    mebibyte = 1024 * 1024
    assert kept(client, bytes(mebibyte))["size"] == mebibyte
    for size in (mebibyte + 1, 3 * mebibyte):
        problem = assert_problem(upload(client, bytes(size)), 413, "attachment_too_large")
        assert "1 MiB" in problem["detail"]
    assert len(contents(attachments_folder)) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--b--\r\n", "multipart/form-data", 422),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 422),
        (b"nothing of a form", "multipart/form-data; boundary=b", 422),
        (b"", "multipart/form-data; boundary=b", 422),
        (HEAD + b"Hal", "", 422),
        (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nHi\r\n--b--\r\n', "", 422),
        (HEAD + b"\r\n--b--\r\n", "", 422),
        (2 * (HEAD + b"Hi\r\n") + b"--b--\r\n", "", 422),
    ],
)
def test_what_is_no_form_with_one_file_is_told_and_kept_nowhere(
    client: TestClient, attachments_folder: Path, body: bytes, content_type: str, status: int
) -> None:
    headers = {"content-type": content_type or "multipart/form-data; boundary=b"}
    answer = client.post(ATTACHMENTS, content=body, headers=headers)
    code = "validation_failed" if status == 422 else "unsupported_media_type"
    assert_problem(answer, status, code)
    assert contents(attachments_folder) == []


def test_a_field_beside_the_file_is_ignored(client: TestClient) -> None:
    answer = client.post(ATTACHMENTS, files={"file": ("a.txt", b"Hi")}, data={"file": "{}"})
    assert answer.json()["size"] == 2


def test_ranges_tags_and_a_lost_file(client: TestClient, attachments_folder: Path) -> None:
    url = kept(client)["url"]
    tag = f'"{sha256(PNG).hexdigest()}"'
    assert client.get(url).headers["etag"] == tag
    assert client.get(url, headers={"if-none-match": tag}).status_code == 304
    for asked, part in (("bytes=8-15", PNG[8:16]), ("bytes=-3", PNG[-3:]), ("bytes=9-", PNG[9:])):
        answer = client.get(url, headers={"range": asked, "if-range": tag})
        assert (answer.status_code, answer.content) == (206, part)
    for ignored in ("bytes=x", "lines=1-2", "bytes=0-1,3-4", "bytes=-"):
        assert client.get(url, headers={"range": ignored}).status_code == 200
    for beyond in (f"bytes={len(PNG)}-", "bytes=-0", "bytes=5-4"):
        answer = client.get(url, headers={"range": beyond})
        assert_problem(answer, 416, "range_not_satisfiable")
        assert answer.headers["content-range"] == f"bytes */{len(PNG)}"
    for path in attachments_folder.glob("??/??/*"):
        path.unlink()
    assert_problem(client.get(url), 410, "attachment_lost")


def test_a_full_disk_and_a_broken_folder_are_told(
    client: TestClient, attachments_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(files, "RESERVE", 2**62)
        assert_problem(upload(client), 507, "storage_full")
    attachments_folder.rmdir()
    attachments_folder.write_bytes(b"a file in place of the folder")
    assert_problem(upload(client), 503, "storage_unavailable")


def test_files_that_wait_are_limited(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "UNSENT_MAX", 2)
    for _ in range(2):
        kept(client)
    assert_problem(upload(client), 409, "too_many_attachments")


@pytest.mark.parametrize("wrong", [[0], [1, 1.5], ["x"], list(range(1, 12))])
def test_wrong_attachments_of_a_message_are_told(client: TestClient, wrong: list[Any]) -> None:
    answer = client.post(MESSAGES, json={"body": "See.", "attachments": wrong})
    assert_problem(answer, 422, "validation_failed")
