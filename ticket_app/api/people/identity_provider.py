"""The provider of OpenID Connect: authlib's client, within bounds.

A call ends after SECONDS, and an answer has a bound in bytes. Addresses and keys of the provider
are read at the first sign-in, kept for METADATA_SECONDS, and believed only if they are for its own
issuer. No line of the log contains a token, a code, or a text that a stranger chose.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, NamedTuple

import httpx2
from authlib.integrations.starlette_client import OAuthError, StarletteOAuth2App
from joserfc.errors import JoseError

from ticket_app.api.limits.token_bucket import TokenBucket
from ticket_app.api.people.provider_answers import (
    WrongAnswerError,
    ask_for_plain_bytes,
    bound_answer,
)
from ticket_app.errors import SignOnProblem, SingleSignOnError
from ticket_app.setting_types import is_private
from ticket_app.settings import SingleSignOn

log = logging.getLogger(__name__)

SECONDS = 10.0
SECONDS_AT_SIGN_OUT = 3.0
METADATA_SECONDS, KEYS_SECONDS, FAILURE_SECONDS = 3600.0, 60.0, 5.0
"""How long the provider's addresses and keys are kept; how long no other keys are asked for; how
long a provider that has just failed is not asked for its addresses."""
CALLS_MAX, CALLS_OF_CLIENT_MAX = 64, 4
"""Sign-ins of a process, and of one client, that wait for the provider at a time."""
LINES_PER_SECOND, LINES_BURST = 1.0, 20.0
"""Lines of the log. Failures beyond are not logged: anyone can send codes that are none."""
LEEWAY_SECONDS = 60
SCOPES = ("openid", "email", "profile")
ALGORITHMS = frozenset(
    {f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)} | {"EdDSA"}
)
"""Signatures that nobody can make who knows only what the provider publishes."""
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")
LISTS = ("id_token_signing_alg_values_supported", "scopes_supported")
WRONG_ANSWERS = (
    *(JoseError, OAuthError, httpx2.InvalidURL),
    *(AttributeError, KeyError, RuntimeError, TypeError, ValueError),
)
"""What authlib raises for an answer that is none: it reads the provider's JSON as it comes."""
ERROR_FORM = re.compile("[a-z_]{1,40}")
_lines = TokenBucket(LINES_PER_SECOND, LINES_BURST)

# Below WARNING these loggers write codes, verifiers and headers.
for _name in ("authlib", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Leaving(NamedTuple):
    """A sign-in that begins: the address at the provider, and what the browser keeps meanwhile."""

    url: str
    state: str
    nonce: str
    code_verifier: str


class Provider:
    """The provider of the settings, for one event loop."""

    def __init__(self, sso: SingleSignOn, redirect_uri: str) -> None:
        self.sso = sso
        self._redirect_uri = redirect_uri
        self._client = _Client(sso)
        self._calls: Counter[str] = Counter()

    async def begin(self, client: str) -> Leaving:
        """Return where the browser of a client goes. SingleSignOnError without the provider."""
        async with self._calling(client):
            metadata = await self._client.load_server_metadata()
            begun = await self._client.create_authorization_url(
                self._redirect_uri, scope=_scope(metadata, self.sso)
            )
        return Leaving(*(str(begun[name]) for name in Leaving._fields))

    async def finish(
        self, client: str, code: str, nonce: str, code_verifier: str
    ) -> dict[str, Any]:
        """Return the claims for a code. SingleSignOnError if they cannot be had or believed."""
        async with self._calling(client):
            token = await self._client.fetch_access_token(
                redirect_uri=self._redirect_uri, code=code, code_verifier=code_verifier
            )
            said = await self._client.claims(token, nonce)
            return said if self._has_all(said) else await self._client.with_user_info(token, said)

    async def sign_out_address(self, back: str) -> str | None:
        """Return where a browser ends its session at the provider, which leads it `back`."""
        try:
            async with asyncio.timeout(SECONDS_AT_SIGN_OUT):
                found = await self._client.create_logout_url(
                    post_logout_redirect_uri=back, client_id=self.sso.client_id
                )
        except (TimeoutError, httpx2.HTTPError, SingleSignOnError, *WRONG_ANSWERS):
            return None
        return str(found["url"])

    def _has_all(self, said: Mapping[str, Any]) -> bool:
        needs = {"email", self.sso.role_claim.partition(".")[0]} if self.sso.roles else {"email"}
        return needs <= said.keys()

    @asynccontextmanager
    async def _calling(self, client: str) -> AsyncIterator[None]:
        """Bound the calls of the block in number and time, and name their failures."""
        if self._calls.total() >= CALLS_MAX or self._calls[client] >= CALLS_OF_CLIENT_MAX:
            raise SingleSignOnError(SignOnProblem.CROWDED)
        self._calls[client] += 1
        try:
            async with asyncio.timeout(SECONDS):
                yield
        except (TimeoutError, httpx2.HTTPError) as error:
            _log("the provider of single sign-on does not answer: %s", error)
            raise SingleSignOnError(SignOnProblem.AWAY) from None
        except WRONG_ANSWERS as error:
            _log("the answer of the provider of single sign-on is wrong: %s", error)
            raise SingleSignOnError(SignOnProblem.NOT_BELIEVED) from None
        finally:
            self._calls[client] -= 1
            self._calls += Counter()  # drops those at zero


class _Client(StarletteOAuth2App):  # type: ignore[misc]  # authlib has no types
    """authlib's client, whose metadata are checked and end in time."""

    def __init__(self, sso: SingleSignOn) -> None:
        super().__init__(
            framework=None,
            client_id=sso.client_id,
            client_secret=sso.secret.get_secret_value(),
            client_kwargs={
                "code_challenge_method": "S256",
                "scope": " ".join(SCOPES),
                "timeout": None,  # the deadline is that of a whole sign-in
                "event_hooks": {"request": [ask_for_plain_bytes], "response": [bound_answer]},
                # Shared, because each client would read all certificates anew.
                "verify": httpx2.create_ssl_context(),
            },
        )
        self._issuer = sso.issuer
        self._reading = asyncio.Lock()
        self._metadata_until = self._keys_until = self._failed_until = 0.0

    async def load_server_metadata(self) -> dict[str, Any]:
        """Return the provider's metadata, read again after METADATA_SECONDS."""
        async with self._reading:
            if monotonic() >= self._metadata_until:
                if monotonic() < self._failed_until:
                    raise SingleSignOnError(SignOnProblem.AWAY)
                self._failed_until = monotonic() + FAILURE_SECONDS
                address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
                self.server_metadata = believed(await self._read(address), self._issuer)
                self._failed_until = 0.0
                self._metadata_until = monotonic() + METADATA_SECONDS
        return self.server_metadata

    async def fetch_jwk_set(self, force: bool = False) -> Any:
        """Return the provider's keys. `force` asks for new ones, not more often than
        KEYS_SECONDS."""
        metadata = await self.load_server_metadata()
        if "jwks" not in metadata or (force and monotonic() >= self._keys_until):
            self._keys_until = monotonic() + KEYS_SECONDS
            metadata["jwks"] = await self._read(metadata["jwks_uri"])
        return metadata["jwks"]

    async def claims(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of the ID token, which is for this desk and this sign-in."""
        metadata = await self.load_server_metadata()
        options = {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": self.client_id},
        }
        said = await self.parse_id_token(
            token, nonce=nonce, claims_options=options, leeway=LEEWAY_SECONDS
        )
        if not said:
            raise WrongAnswerError("no ID token")
        return dict(said)

    async def with_user_info(
        self, token: Mapping[str, Any], said: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the claims with those that the provider says at its userinfo endpoint alone."""
        if "userinfo_endpoint" not in await self.load_server_metadata():
            return said
        more = await self.userinfo(token=token)
        if more.get("sub") != said["sub"]:
            raise WrongAnswerError("userinfo of another subject")
        return {**more, **said}

    async def _read(self, address: str) -> Any:
        async with self._get_session() as session:
            answer = await session.request("GET", address, withhold_token=True)
        answer.raise_for_status()
        return answer.json()


def believed(said: Any, issuer: str) -> dict[str, Any]:
    """Return what the desk uses of a provider's metadata.

    Nothing else of them is kept: authlib hands them to the client that speaks to the provider, and
    one could be an option of it. WrongAnswerError for those of another issuer, for an address
    without TLS, and for signatures that anyone can make.
    """
    if str(said["issuer"]).rstrip("/") != issuer.rstrip("/"):
        raise WrongAnswerError("metadata of another issuer")
    names = (*NEEDED, *(name for name in OPTIONAL if said.get(name)))
    addresses = {name: str(said[name]) for name in names}
    if not all(map(is_private, addresses.values())):
        raise WrongAnswerError("an address without https")
    algorithms, scopes = (list(map(str, said.get(name) or ())) for name in LISTS)
    algorithms = [each for each in algorithms or ["RS256"] if each in ALGORITHMS]
    if not algorithms:
        raise WrongAnswerError("no signature of a known kind")
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    basic = "client_secret_basic"
    return {
        "issuer": str(said["issuer"]),
        **addresses,
        **dict(zip(LISTS, (algorithms, scopes), strict=True)),
        "token_endpoint_auth_method": basic if basic in methods else "client_secret_post",
    }


def _scope(metadata: Mapping[str, Any], sso: SingleSignOn) -> str:
    """Return the scopes to ask for. Some providers say groups only if asked for the scope."""
    claim = sso.role_claim.partition(".")[0]
    asks_more = sso.roles and claim in metadata["scopes_supported"] and claim not in SCOPES
    return " ".join((*SCOPES, claim) if asks_more else SCOPES)


def _log(said: str, error: BaseException) -> None:
    if _lines.take(0) == 0:
        _lines.take(1)
        log.warning(said, _kind(error))


def _kind(error: BaseException) -> str:
    """Return what an error is, in words of the libraries and of the protocol alone."""
    if isinstance(error, httpx2.HTTPStatusError):
        return f"status {error.response.status_code}"
    if isinstance(error, OAuthError) and ERROR_FORM.fullmatch(str(error.error)):
        return str(error.error)
    if isinstance(error, WrongAnswerError):
        return str(error)
    return type(error).__name__
