"""A provider on loopback that speaks the wire formats of OpenAI, Anthropic, Gemini and Ollama.

It answers as its script says, well or badly, and keeps what it received. LiteLLM's real client is
used against it:

    with FakeProvider(Script.WRONG_ENUM) as fake:
        monkeypatch.setenv("AI_PROVIDER", "openai")
        monkeypatch.setenv("AI_BASE_URL", fake.base_url)
"""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Script(Enum):
    """The behaviour of the fake provider."""

    GOOD = auto()
    FENCED = auto()
    PROSE = auto()
    WRONG_ENUM = auto()
    MISSING_FIELD = auto()
    EXTRA_FIELD = auto()
    OUT_OF_RANGE = auto()
    EMPTY = auto()
    TRUNCATED = auto()
    REFUSAL = auto()
    NOT_JSON_AT_ALL = auto()
    INVALID_UTF8 = auto()
    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    UNKNOWN_MODEL = auto()
    RATE_LIMITED = auto()
    RATE_LIMITED_FOR_LONG = auto()
    RATE_LIMITED_SHORTLY = auto()
    SERVER_ERROR = auto()
    UNAVAILABLE = auto()
    REDIRECT = auto()
    HANG = auto()
    DRIP = auto()
    RESET = auto()
    HUGE = auto()
    HUGE_UNANNOUNCED = auto()
    GZIPPED = auto()
    GZIPPED_UNAVAILABLE = auto()
    NESTED = auto()
    NO_USAGE = auto()


STATUSES = {
    Script.UNAUTHORIZED: 401,
    Script.FORBIDDEN: 403,
    Script.UNKNOWN_MODEL: 404,
    Script.RATE_LIMITED: 429,
    Script.RATE_LIMITED_FOR_LONG: 429,
    Script.RATE_LIMITED_SHORTLY: 429,
    Script.SERVER_ERROR: 500,
    Script.UNAVAILABLE: 503,
    Script.GZIPPED_UNAVAILABLE: 503,
    Script.REDIRECT: 307,
}
HEADERS = {
    Script.RATE_LIMITED_FOR_LONG: {"retry-after": "3600"},
    Script.RATE_LIMITED_SHORTLY: {"retry-after": "1"},
    Script.REDIRECT: {"location": "/elsewhere"},
    Script.GZIPPED: {"content-encoding": "gzip"},
    Script.GZIPPED_UNAVAILABLE: {"content-encoding": "gzip"},
}
HUGE_BYTES = 50_000_000
PROVIDERS = ("openai", "gemini", "anthropic", "ollama")


def good_answer(**changes: Any) -> dict[str, Any]:
    """Returns an answer that follows the contract, with these fields changed."""
    answer: dict[str, Any] = {
        "category": {"value": "billing", "confidence": 0.9, "evidence": ["charged"]},
        "priority": {"value": "high", "confidence": 0.8, "evidence": []},
        "sentiment": {"value": "angry", "confidence": 0.7, "evidence": []},
        "urgency_score": 77,
        "title": "Charged for a plan that was cancelled",
    }
    return answer | changes


@dataclass(frozen=True)
class Received:
    """One HTTP request as received."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass
class FakeProvider:
    """A server on an ephemeral port of 127.0.0.1 while the `with` block lasts."""

    script: Script = Script.GOOD
    answer: dict[str, Any] = field(default_factory=good_answer)
    received: list[Received] = field(default_factory=list)
    during_call: Callable[[], object] = lambda: None
    """Called during every request, before it is answered."""
    scripted_requests: int | None = None
    """The script answers this many requests, and GOOD the later ones; None: it answers all."""
    refuses: Callable[[dict[str, Any]], tuple[int, object] | None] = lambda _request: None
    """Returns a status and a body for a request that the provider's API refuses, otherwise None."""
    wrap_answer: Callable[[str], str] = lambda answer: answer
    """Wraps the answer in other text, as models do."""
    sent: int = 0
    """The bytes of answers sent so far."""

    def script_of(self, request: int) -> Script:
        """Returns the script for this request, counted from 1."""
        return (
            self.script
            if self.scripted_requests is None or request <= self.scripted_requests
            else Script.GOOD
        )

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        handler = type("Handler", (_Handler,), {"fake": self, "ended": self._ended})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def base_url(self) -> str:
        """Returns the value for AI_BASE_URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"


def closed_port_url() -> str:
    """Returns a URL on this host at which nothing listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


class _Handler(BaseHTTPRequestHandler):
    fake: FakeProvider
    ended: threading.Event

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(length).decode("utf-8")
        self.fake.received.append(Received(self.path, dict(self.headers), body))
        script = self.fake.script_of(len(self.fake.received))
        if script is Script.HANG:
            self.ended.wait()
            return
        if (refusal := self.fake.refuses(json.loads(body))) is not None:
            self._send(Script.GOOD, refusal[0], json.dumps(refusal[1]).encode())
            return
        self.fake.during_call()
        self._send(script, *_reply(self.fake, script, self.path))

    def _send(self, script: Script, status: int, payload: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        for name, value in HEADERS.get(script, {}).items():
            self.send_header(name, value)
        if script is Script.HUGE_UNANNOUNCED:
            self.close_connection = True
        else:
            self.send_header("content-length", str(len(payload)))
        self.end_headers()
        if script is Script.DRIP:
            self._drip(payload)
        elif script is Script.RESET:
            self._sent(payload[: len(payload) // 2])
            # A linger time of zero discards unsent data, and the client sees a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        else:
            for start in range(0, len(payload), 65_536):
                if not self._sent(payload[start : start + 65_536]):
                    return

    def _drip(self, payload: bytes) -> None:
        for byte in payload:
            if self.ended.wait(1.0) or not self._sent(bytes([byte])):
                return

    def _sent(self, piece: bytes) -> bool:
        try:
            self.wfile.write(piece)
        except OSError:  # the client has left, as it should
            self.close_connection = True
            return False
        self.fake.sent += len(piece)
        return True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Write no log: the tests read the desk's own log."""


def _reply(fake: FakeProvider, script: Script, path: str) -> tuple[int, bytes]:
    status = STATUSES.get(script, 200)
    if status != 200:
        # Like real providers, quote the request in the error.
        last = fake.received[-1].body
        error = json.dumps(_error(path, status, f"scripted {status}: {last}")).encode()
        gzipped = HEADERS.get(script, {}).get("content-encoding") == "gzip"
        return status, gzip.compress(error) if gzipped else error
    if script is Script.NOT_JSON_AT_ALL:
        return 200, b"<html>a proxy's page</html>"
    if script is Script.NESTED:
        return 200, b'{"choices":' * 80_000
    content = _content(fake, script)
    body = json.dumps(_completion(path, content, script)).encode()
    if script in (Script.HUGE, Script.HUGE_UNANNOUNCED):
        body = body[:-1] + b" " * HUGE_BYTES + b"}"
    if script is Script.INVALID_UTF8:
        body = body.replace(b"Charged", b"Ch\xffrged")
    return 200, gzip.compress(body) if script is Script.GZIPPED else body


def _content(fake: FakeProvider, script: Script) -> str:
    answer = fake.wrap_answer(json.dumps(fake.answer))
    bad = {
        Script.FENCED: f"```json\n{json.dumps(fake.answer, indent=2)}\n```",
        Script.PROSE: f"The ticket {{as I read it}}:\n{answer}\nAsk me for {{more}}.",
        Script.WRONG_ENUM: json.dumps(
            fake.answer | {"category": fake.answer["category"] | {"value": "sales"}}
        ),
        Script.MISSING_FIELD: json.dumps({k: v for k, v in fake.answer.items() if k != "priority"}),
        Script.EXTRA_FIELD: json.dumps(fake.answer | {"mood": "sunny"}),
        Script.OUT_OF_RANGE: json.dumps(fake.answer | {"urgency_score": 101}),
        Script.EMPTY: "",
        Script.TRUNCATED: answer[: len(answer) // 2],
        Script.REFUSAL: "I cannot help with that.",
    }
    return bad.get(script, answer)


def _completion(path: str, content: str, script: Script) -> dict[str, Any]:
    if path.endswith("/chat/completions"):
        return _openai(content, script)
    if path.endswith("/messages"):
        return _anthropic(content, script)
    if ":generateContent" in path:
        return _gemini(content, script)
    if path.endswith("/api/chat"):
        return _ollama(content)
    raise AssertionError(f"no provider has the path {path}")


def _openai(content: str, script: Script) -> dict[str, Any]:
    finish = {Script.TRUNCATED: "length", Script.REFUSAL: "content_filter"}.get(script, "stop")
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "fake",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content},
            }
        ],
    } | (
        {}
        if script is Script.NO_USAGE
        else {"usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}}
    )


def _anthropic(content: str, script: Script) -> dict[str, Any]:
    stop = {Script.TRUNCATED: "max_tokens", Script.REFUSAL: "refusal"}.get(script, "end_turn")
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "fake",
        "content": [{"type": "text", "text": content}] if content else [],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
    }


def _gemini(content: str, script: Script) -> dict[str, Any]:
    finish = {Script.TRUNCATED: "MAX_TOKENS", Script.REFUSAL: "SAFETY"}.get(script, "STOP")
    parts = [{"text": content}] if content else []
    return {
        "candidates": [
            {"index": 0, "finishReason": finish, "content": {"role": "model", "parts": parts}}
        ],
        "usageMetadata": {
            "promptTokenCount": 10,
            "candidatesTokenCount": 10,
            "totalTokenCount": 20,
        },
        "modelVersion": "fake",
    }


def _ollama(content: str) -> dict[str, Any]:
    return {
        "model": "fake",
        "created_at": "2026-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": content},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 10,
        "eval_count": 10,
    }


def _error(path: str, status: int, message: str) -> dict[str, Any]:
    if path.endswith("/messages"):
        kind = {
            401: "authentication_error",
            403: "permission_error",
            404: "not_found_error",
            429: "rate_limit_error",
        }
        return {
            "type": "error",
            "error": {"type": kind.get(status, "api_error"), "message": message},
        }
    if ":generateContent" in path:
        words = {
            401: "UNAUTHENTICATED",
            403: "PERMISSION_DENIED",
            404: "NOT_FOUND",
            429: "RESOURCE_EXHAUSTED",
        }
        word = words.get(status, "INTERNAL")
        return {"error": {"code": status, "status": word, "message": message}}
    return {"error": {"message": message, "type": "scripted", "param": None, "code": None}}
