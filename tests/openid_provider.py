"""A provider of OpenID Connect over real HTTP, which may also lie."""

import gzip
import json
import ssl
import threading
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

with warnings.catch_warnings():
    import authlib.deprecate  # noqa: F401  # shows its warnings whatever was set before

    warnings.simplefilter("ignore")  # the package uses a deprecated module of authlib
    import oidc_provider_mock

Change = Callable[[Any], Any]
CONFIGURATION, KEYS = "/.well-known/openid-configuration", "/jwks"
TOKEN, USER_INFO = "/oauth2/token", "/userinfo"
TLS = ssl.create_default_context()
"""Shared, because each request would read all certificates anew. The provider uses none."""


class Provider:
    """A running provider. `changes` alters what it answers at a path, and `packed` compresses that;
    `asked` counts requests."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}
        self.packed: set[str] = set()
        self.asked: list[str] = []
        self.bodies: list[str] = []
        self.url = ""
        self._app: Any = oidc_provider_mock.app()
        self._key = RSAKey.generate_key(2048)

    def knows(self, sub: str, **claims: object) -> None:
        """Lets the provider know a person."""
        httpx2.put(f"{self.url}/users/{sub}", json=claims, verify=TLS).raise_for_status()

    def authorize(self, address: str, sub: str) -> str:
        """Signs a person in at the address to which the desk sends; returns where it sends back."""
        answer = httpx2.post(address, data={"sub": sub}, verify=TLS)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def deny(self, address: str) -> str:
        """Refuses at the address to which the desk sends; returns where it sends back."""
        return httpx2.post(address, data={"action": "deny"}, verify=TLS).headers["location"]

    def says(self, **claims: object) -> None:
        """Changes claims of the ID tokens, which are signed anew by a key that is published."""
        self.changes[KEYS] = lambda _: self.key_set()
        self.changes[TOKEN] = lambda token: (
            token | {"id_token": self.signed(_claims(token["id_token"]) | claims)}
        )

    def signed(self, claims: dict[str, Any], kid: str = "k") -> str:
        """Returns an ID token of these claims; those that are None are left out."""
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": kid}, kept, self._key)

    def key_set(self, kid: str = "k") -> Any:
        """Returns the keys that check what `signed` signs."""
        key = RSAKey.import_key(self._key.as_dict(private=False) | {"kid": kid})
        return KeySet([key]).as_dict()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        if path == TOKEN:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.bodies.append(body.decode())
            environ["wsgi.input"] = BytesIO(body)
        if path not in self.changes:
            return self._app(environ, start_response)
        said: list[Any] = []
        answer = b"".join(self._app(environ, lambda *each: said.append(each)))
        status, headers = said[0][:2]
        if status.startswith("200"):
            answer = json.dumps(self.changes[path](json.loads(answer))).encode()
            headers = [each for each in headers if each[0].lower() != "content-length"]
            if path in self.packed:
                answer = gzip.compress(answer)
                headers.append(("Content-Encoding", "gzip"))
        start_response(status, headers)
        return [answer]


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Yields a provider on a port of its own."""
    provider = Provider()
    server = make_server("localhost", 0, provider, threaded=True)
    provider.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@contextmanager
def silent(provider: Provider, path: str) -> Iterator[None]:
    """Lets the provider answer nothing at a path during the block."""
    ended = threading.Event()

    def wait(said: Any) -> Any:
        ended.wait(30)
        return said

    provider.changes[path] = wait
    yield
    ended.set()
    del provider.changes[path]


def query_of(address: str) -> dict[str, str]:
    """Returns the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims
