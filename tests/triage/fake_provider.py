"""A provider on loopback that speaks the wire formats of OpenAI, Anthropic, Gemini and Ollama.

It answers as its script says, well or badly, and keeps what it received. LiteLLM's real client is
used against it:

    with FakeProvider(Script.WRONG_ENUM) as fake:
        monkeypatch.setenv("AI_PROVIDER", "openai")
        monkeypatch.setenv("AI_BASE_URL", fake.base_url)
"""

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Script(Enum):
    """How the fake behaves."""

    GOOD = auto()
    FENCED = auto()
    PROSE = auto()
    WRONG_ENUM = auto()
    MISSING_FIELD = auto()
    OUT_OF_RANGE = auto()
    EMPTY = auto()
    TRUNCATED = auto()
    REFUSAL = auto()
    NOT_JSON_AT_ALL = auto()
    UNAUTHORIZED = auto()
    UNKNOWN_MODEL = auto()
    RATE_LIMITED = auto()
    SERVER_ERROR = auto()
    HANG = auto()
    DRIP = auto()


STATUSES = {
    Script.UNAUTHORIZED: 401,
    Script.UNKNOWN_MODEL: 404,
    Script.RATE_LIMITED: 429,
    Script.SERVER_ERROR: 500,
}
PROVIDERS = ("openai", "gemini", "anthropic", "ollama")


def good_answer(**changes: Any) -> dict[str, Any]:
    """An answer that keeps the contract, with the given fields changed."""
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
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass
class FakeProvider:
    """A server on an ephemeral port of 127.0.0.1 for as long as the `with` lasts."""

    script: Script = Script.GOOD
    answer: dict[str, Any] = field(default_factory=good_answer)
    received: list[Received] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    """Called while a request waits for its answer: what happens during a call to a provider."""

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
        """What AI_BASE_URL must say."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"


def refused_url() -> str:
    """An address of this host on which nobody listens."""
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
        if self.fake.script is Script.HANG:
            self.ended.wait()
            return
        self.fake.meanwhile()
        self._send(*_reply(self.fake, self.path))

    def _send(self, status: int, payload: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        if self.fake.script is not Script.DRIP:
            self.wfile.write(payload)
            return
        for byte in payload:
            if self.ended.wait(1.0) or not self._sent(bytes([byte])):
                return

    def _sent(self, piece: bytes) -> bool:
        try:
            self.wfile.write(piece)
        except OSError:  # the client has left, as it should
            return False
        return True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the tests read what the desk itself writes."""


def _reply(fake: FakeProvider, path: str) -> tuple[int, bytes]:
    status = STATUSES.get(fake.script, 200)
    if status != 200:
        # Providers quote the request in their errors; so does this one.
        last = fake.received[-1].body
        return status, json.dumps(_error(path, status, f"scripted {status}: {last}")).encode()
    if fake.script is Script.NOT_JSON_AT_ALL:
        return 200, b"<html>a proxy's page</html>"
    return 200, json.dumps(_completion(path, _content(fake), fake.script)).encode()


def _content(fake: FakeProvider) -> str:
    answer = json.dumps(fake.answer)
    bad = {
        Script.FENCED: f"```json\n{json.dumps(fake.answer, indent=2)}\n```",
        Script.PROSE: f"The ticket {{as I read it}}:\n{answer}\nAsk me for {{more}}.",
        Script.WRONG_ENUM: json.dumps(
            fake.answer | {"category": fake.answer["category"] | {"value": "sales"}}
        ),
        Script.MISSING_FIELD: json.dumps({k: v for k, v in fake.answer.items() if k != "priority"}),
        Script.OUT_OF_RANGE: json.dumps(fake.answer | {"urgency_score": 101}),
        Script.EMPTY: "",
        Script.TRUNCATED: answer[: len(answer) // 2],
        Script.REFUSAL: "I cannot help with that.",
    }
    return bad.get(fake.script, answer)


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
        "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
    }


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
        kind = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
        return {
            "type": "error",
            "error": {"type": kind.get(status, "api_error"), "message": message},
        }
    if ":generateContent" in path:
        words = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
        word = words.get(status, "INTERNAL")
        return {"error": {"code": status, "status": word, "message": message}}
    return {"error": {"message": message, "type": "scripted", "param": None, "code": None}}
