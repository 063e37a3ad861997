"""The gateway decides who is admitted, which application answers, and with which headers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ticket_app.api.gateway.app import Gateway
from ticket_app.api.gateway.page_policy import page_policy
from ticket_app.api.gateway.static_pages import StaticPages
from ticket_app.settings import Settings

# Made with: printf 'desk()' | openssl dgst -sha256 -binary | base64, and likewise for board().
DESK = "'sha256-vYeiENVV3OCLLhJHPtLQleWs/GrUwPJadTbkeulizD4='"
BOARD = "'sha256-OdWkHqtvp5jjfAxt+2/2aW/HUG+Y0fDQTMn6nvLO1XM='"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def request(
    app: ASGIApp,
    path: str,
    *,
    method: str = "GET",
    host: str | None = "localhost:8000",
    origin: str | None = None,
    kind: str = "http",
) -> Answer:
    """Sends one request; a refused websocket has status 403, an accepted one 101."""
    headers = [(b"host", host.encode())] if host is not None else []
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    scope: Scope = {
        "type": kind, "method": method, "path": path, "root_path": "",
        "query_string": b"", "headers": headers, "scheme": "http", "server": ("localhost", 8000),
    }  # fmt: skip
    sent: list[Message] = []
    received = iter([{"type": "websocket.connect" if kind == "websocket" else "http.request"}])

    async def receive() -> Message:
        for message in received:
            return message
        await asyncio.Event().wait()  # the client stays until it is answered
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(_call(app, scope, receive, send))
    if kind == "websocket":
        return Answer(101 if sent[0]["type"] == "websocket.accept" else 403, {}, b"")
    return Answer(
        sent[0]["status"],
        {key.decode(): value.decode() for key, value in sent[0]["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


async def _call(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def named_app(name: str) -> ASGIApp:
    """Returns an application that answers with its own name."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await PlainTextResponse(name)(scope, receive, send)

    return answer


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """A folder of compiled pages: the desk, a board, the 404 page, an asset and a style sheet."""
    for name, text in {
        "index.html": "<script>desk()</script><h1>Desk</h1>",
        "board/index.html": '<script type="module">board()</script><h1>Board</h1>',
        "404.html": '<script src="/assets/a.js"></script><h1>Nothing here</h1>',
        "assets/a-1f2e.js": "a()",
        "desk.css": "h1 {}",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def gateway(
    client: Path | None = None, *, reflex: ASGIApp | None = None, **settings: Any
) -> ASGIApp:
    """Returns a gateway over applications that answer their names, and over pages in `client`."""
    site = None
    if client is not None:
        files = Starlette(routes=[Mount("/", StaticFiles(directory=client, html=True))])
        site = StaticPages(files, page_policy(client))
    return Gateway(
        reflex or named_app("reflex"),
        api=named_app("api"),
        site=site,
        settings=Settings(**settings),
    )


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/tickets/", "/api/nope"])
def test_the_rest_api_answers_below_api(client: Path, path: str) -> None:
    assert request(gateway(client), path).body == b"api"


def test_a_path_that_only_begins_like_the_api_is_a_page(client: Path) -> None:
    assert request(gateway(client), "/apiary").status == 404


@pytest.mark.parametrize("path", ["/_event", "/_event/"])
def test_events_go_to_reflex(client: Path, path: str) -> None:
    assert request(gateway(client), path).body == b"reflex"
    assert request(gateway(client), path, kind="websocket").status == 101


@pytest.mark.parametrize(
    "path", ["/_upload", "/_upload/x", "/ping", "/_health", "/_all_routes", "/auth-codespace"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("developing", [False, True])
def test_what_reflex_offers_besides_is_closed(
    client: Path, path: str, method: str, developing: bool
) -> None:
    app = gateway(None if developing else client)
    assert request(app, path, method=method).status == 404


def test_no_websocket_is_accepted_elsewhere(client: Path) -> None:
    assert request(gateway(client), "/board", kind="websocket").status == 403


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8000", "localhost.", "127.0.0.1:8000", "[::1]", "[::1]:8000"],
)
def test_our_own_names_are_answered(client: Path, host: str) -> None:
    assert request(gateway(client), "/", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "localhost.evil.example", "localhost@evil"),
        *("", None, "[::2]", "::1", "127.0.0.1.evil.example"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/tickets/", "/_event/"])
def test_another_name_is_refused(client: Path, host: str | None, path: str) -> None:
    answer = request(gateway(client), path, host=host)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem["code"] == "host_not_allowed"
    assert "ALLOWED_HOSTS" in problem["detail"]


def test_another_name_gets_no_websocket(client: Path) -> None:
    assert request(gateway(client), "/_event/", host="evil.example", kind="websocket").status == 403


def test_two_different_names_are_none() -> None:
    both = Gateway(named_app("reflex"), api=named_app("api"), site=None, settings=Settings())

    async def twice(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*scope["headers"], (b"host", b"evil.example")]
        await both({**scope, "headers": headers}, receive, send)

    assert request(twice, "/").status == 400


def test_a_configured_name_is_answered_whatever_its_case(client: Path) -> None:
    app = gateway(client, allowed_hosts="Desk.Example.com")
    assert request(app, "/", host="desk.example.COM").status == 200
    assert request(app, "/", host="localhost").status == 400


def test_a_star_answers_every_name(client: Path) -> None:
    assert request(gateway(client, allowed_hosts="*"), "/", host="any.example").status == 200


@pytest.mark.parametrize("origin", [None, "http://localhost:8000", "https://LOCALHOST:8000"])
def test_our_own_pages_may_open_the_websocket(client: Path, origin: str | None) -> None:
    assert request(gateway(client), "/_event/", origin=origin, kind="websocket").status == 101


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "http://localhost:8001", "http://localhost", "null"),
        *("localhost:8000", "http://localhost:8000.evil.example", "file://localhost:8000"),
        *("http://[", "http://user@localhost:8000"),
    ],
)
def test_pages_of_others_may_not(client: Path, origin: str) -> None:
    app = gateway(client)
    assert request(app, "/_event/", origin=origin, kind="websocket").status == 403
    polling = request(app, "/_event/", origin=origin, method="POST")
    assert polling.status == 403
    assert json.loads(polling.body)["code"] == "origin_not_allowed"


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        *(("localhost:80", "http://localhost"), ("localhost", "http://localhost:80")),
        *(("localhost:443", "https://localhost"), ("localhost", "https://LOCALHOST:443")),
        *(("[::1]:80", "http://[::1]"), ("[::1]", "https://[::1]:443")),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_default_port_may_be_named_or_left_out(
    client: Path, host: str, origin: str, kind: str
) -> None:
    method = "POST" if kind == "http" else "GET"
    answer = request(
        gateway(client), "/_event/", method=method, host=host, origin=origin, kind=kind
    )
    assert answer.status in (101, 200)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        *(("localhost:80", "https://localhost"), ("localhost:443", "http://localhost")),
        *(("localhost", "http://localhost:443"), ("localhost", "https://localhost:80")),
        *(("localhost:8080", "http://localhost:80"), ("[::80]", "http://[:")),
    ],
)
def test_the_other_schemes_default_port_is_another_door(
    client: Path, host: str, origin: str
) -> None:
    assert (
        request(gateway(client), "/_event/", host=host, origin=origin, kind="websocket").status
        == 403
    )


def test_a_configured_origin_may_name_its_default_port(client: Path) -> None:
    app = gateway(client, allowed_origins="https://Intranet.example.com:443")
    allowed = request(app, "/_event/", origin="https://intranet.example.com", kind="websocket")
    assert allowed.status == 101


def test_a_configured_origin_may_open_the_websocket(client: Path) -> None:
    app = gateway(client, allowed_origins="https://intranet.example.com")
    allowed = request(app, "/_event/", origin="https://intranet.example.com", kind="websocket")
    assert allowed.status == 101
    other_scheme = request(app, "/_event/", origin="http://intranet.example.com", kind="websocket")
    assert other_scheme.status == 403


def test_vites_page_may_open_the_websocket_in_development_only(client: Path) -> None:
    vite = "http://localhost:3000"
    assert request(gateway(), "/_event/", origin=vite, kind="websocket").status == 101
    assert request(gateway(client), "/_event/", origin=vite, kind="websocket").status == 403


@pytest.mark.parametrize("path", ["/board", "/board/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_answers_at_once_with_and_without_its_slash(
    client: Path, path: str, method: str
) -> None:
    answer = request(gateway(client), path, method=method)
    assert answer.status == 200
    assert (b"Board" in answer.body) == (method == "GET")


@pytest.mark.parametrize(
    "path",
    [
        *("/nope", "/nope/deeper", "/no.file", "/assets/gone.js", "/../../etc/passwd"),
        *("/\0", "/" + "a" * 3000, "/a" * 3000),
    ],
)
def test_an_unknown_page_gets_the_page_for_that(client: Path, path: str) -> None:
    answer = request(gateway(client), path)
    assert answer.status == 404
    assert b"Nothing here" in answer.body
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_page_is_only_read(client: Path, method: str) -> None:
    answer = request(gateway(client), "/board", method=method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


def test_hashed_assets_are_kept_for_ever_and_all_else_is_asked_for_again(client: Path) -> None:
    app = gateway(client)
    assert "immutable" in request(app, "/assets/a-1f2e.js").headers["cache-control"]
    assert request(app, "/desk.css").headers["cache-control"] == "no-cache"
    assert request(app, "/").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/api/", "/nope", "/desk.css", "/_upload"])
def test_every_answer_forbids_framing_and_guessing(client: Path, path: str) -> None:
    headers = request(gateway(client), path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/api", "/api/tickets/", "/api/nope", "/api/docs"])
@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_nothing_of_rest_is_cached(client: Path, path: str, host: str) -> None:
    assert request(gateway(client), path, host=host).headers["cache-control"] == "no-store"


def test_a_rooms_own_headers_stand() -> None:
    async def api(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("", headers={"X-Frame-Options": "SAMEORIGIN"})(scope, receive, send)

    app = Gateway(named_app("reflex"), api=api, site=None, settings=Settings())
    assert request(app, "/api/").headers["x-frame-options"] == "SAMEORIGIN"


def test_the_policy_allows_the_inline_scripts_that_were_built_and_no_other(client: Path) -> None:
    policy = request(gateway(client), "/").headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts.split() == ["script-src", "'self'", *sorted([DESK, BOARD])]
    assert "frame-ancestors 'none'" in policy


def test_files_that_are_no_page_carry_no_policy(client: Path) -> None:
    assert "content-security-policy" not in request(gateway(client), "/desk.css").headers


def test_the_lifespan_is_reflexs() -> None:
    with TestClient(gateway(reflex=Starlette(lifespan=_state_of_reflex))) as client:
        assert client.app_state == {"started": "reflex"}


@asynccontextmanager
async def _state_of_reflex(_: Starlette) -> AsyncIterator[dict[str, str]]:
    yield {"started": "reflex"}
