"""Sign-in by a provider of OpenID Connect, as a browser, an attacker and a bad provider do it."""

import logging
import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from harness.accounts import ADMINISTRATOR, account, administrator, session_token
from tests import openid_provider
from tests.api.people.conftest import ORIGIN, OWN_PAGE, with_session
from tests.api.people.test_forms import is_in_force, place
from tests.openid_provider import Provider, query_of, running_provider, silent
from ticket_app.actor import by_command
from ticket_app.api.app import make_api
from ticket_app.api.limits.token_bucket import TokenBucket
from ticket_app.api.people import identity_provider, single_sign_on
from ticket_app.api.people.provider_answers import ANSWER_BYTES
from ticket_app.services.people.accounts import directory, rights
from ticket_app.services.people.signing_in import sealed_flow
from ticket_app.services.people.tokens import COOKIE
from ticket_app.settings import get_settings
from ticket_app.vocabulary import Role

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config")  # in the provider

START, CALLBACK = "/api/sign-in/oidc", "/api/sign-in/oidc/callback"
FLOW = single_sign_on.COOKIE
ADA = {"email": ADMINISTRATOR, "email_verified": True}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    """One provider for all tests of this module."""
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider) -> Provider:
    """A provider that does not lie, and knows the administrator."""
    server.changes.clear()
    server.packed.clear()
    server.asked.clear()
    server.bodies.clear()
    server.knows("ada", **ADA)
    return server


@pytest.fixture
def desk(
    database: str, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """A client of a closed desk that trusts the provider."""
    administrator()
    with trusting(provider, monkeypatch) as client:
        yield client


def trusting(provider: Provider, monkeypatch: pytest.MonkeyPatch, **settings: str) -> TestClient:
    plain = {
        "OIDC_ISSUER": provider.url,
        "OIDC_CLIENT_ID": "desk",
        "OIDC_CLIENT_SECRET": "s3cret",
        "DESK_URL": ORIGIN,
    }
    for name, value in (plain | settings).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    return TestClient(
        make_api(), base_url=ORIGIN, raise_server_exceptions=False, follow_redirects=False
    )


def leave(client: TestClient, **query: str) -> str:
    """Presses the button; returns the address at the provider."""
    answer = client.get(START, params=query)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def enter(client: TestClient, provider: Provider, sub: str = "ada", **query: str) -> Any:
    """Signs in at the provider, and comes back to the desk; returns its answer."""
    return client.get(provider.authorize(leave(client, **query), sub))


def problem(answer: Any) -> str:
    path, query = place(answer)
    assert path == "/sign-in"
    assert COOKIE not in answer.headers.get("set-cookie", "")
    return query["problem"][0]


def test_the_provider_is_asked_by_code_with_state_nonce_and_challenge(
    desk: TestClient, provider: Provider
) -> None:
    address = leave(desk, next="/board")
    assert address.startswith(f"{provider.url}/oauth2/authorize?")
    asked = query_of(address)
    assert asked["redirect_uri"] == f"{ORIGIN}{CALLBACK}"
    assert (asked["response_type"], asked["client_id"]) == ("code", "desk")
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid email profile"
    assert all(len(asked[name]) >= 20 for name in ("state", "nonce", "code_challenge"))
    again = query_of(leave(desk))
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name] != again[name]


def test_one_signs_in_and_goes_where_one_wanted(desk: TestClient, provider: Provider) -> None:
    answer = enter(desk, provider, next="/board?status=open")
    assert place(answer) == ("/board", {"status": ["open"]})
    session = next(each for each in answer.headers.get_list("set-cookie") if COOKIE in each)
    assert "HttpOnly" in session and "SameSite=lax" in session
    assert "code_verifier=" in provider.bodies[0]
    assert FLOW not in desk.cookies
    assert desk.get("/api/me/").json()["email"] == ADMINISTRATOR


def test_a_session_that_the_browser_had_ends(desk: TestClient, provider: Provider) -> None:
    before = session_token(account("bea@example.com", Role.AGENT))
    desk.cookies.set(COOKIE, before)
    assert place(enter(desk, provider))[0] == "/"
    assert not is_in_force(desk, before)


@pytest.mark.rest_in_prove("database")
def test_a_callback_needs_the_cookie_and_the_state_of_its_own_browser(
    desk: TestClient, provider: Provider
) -> None:
    back = provider.authorize(leave(desk), "ada")
    flow = desk.cookies[FLOW]
    desk.cookies.clear()
    assert problem(desk.get(back)) == "stale"
    desk.cookies.set(FLOW, flow, path=START)
    forged = f"{CALLBACK}?{urlencode(query_of(back) | {'state': 'x' * 30})}"
    assert problem(desk.get(forged)) == "stale"
    assert problem(desk.get(CALLBACK)) == "stale"
    for wrong in (f"{flow[:-1]}!", "x", "a.b.c", ""):
        desk.cookies.set(FLOW, wrong, path=START)
        assert problem(desk.get(back)) == "stale"
    assert provider.asked.count(openid_provider.TOKEN) == 0
    desk.cookies.set(FLOW, flow, path=START)
    assert place(desk.get(back))[0] == "/"


@pytest.mark.rest_in_prove("database")
def test_a_flow_ends_after_ten_minutes(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = provider.authorize(leave(desk), "ada")
    monkeypatch.setattr(sealed_flow, "FLOW_SECONDS", -1)
    assert problem(desk.get(back)) == "stale"


@pytest.mark.rest_in_prove("database")
def test_a_code_works_once(desk: TestClient, provider: Provider) -> None:
    back = provider.authorize(leave(desk), "ada")
    flow = desk.cookies[FLOW]
    assert place(desk.get(back))[0] == "/"
    assert problem(desk.get(back)) == "stale"
    desk.cookies.clear()
    desk.cookies.set(FLOW, flow, path=START)
    assert problem(desk.get(back)) == "not_believed"


@pytest.mark.rest_in_prove("database")
def test_a_code_of_another_sign_in_gives_no_session(desk: TestClient, provider: Provider) -> None:
    """Somebody else's code with one's own state: the nonce tells."""
    address = leave(desk)
    stolen = address.replace(query_of(address)["nonce"], "of-another-sign-in")
    assert problem(desk.get(provider.authorize(stolen, "ada"))) == "not_believed"


def _with_id_token(token: object, said: dict[str, Any]) -> dict[str, Any]:
    return said | {"id_token": token}


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-desk"},
    "an audience of others": {"aud": ["other"], "azp": "desk"},
    "another authorised party": {"aud": ["desk", "other"], "azp": "other"},
    "an expired token": {"exp": int(time.time()) - 1_000},
    "a token without an end": {"exp": None},
    "a token of the future": {"nbf": int(time.time()) + 1_000},
    "no subject": {"sub": None},
    "no nonce": {"nonce": None},
    "a wrong hash of the access token": {"at_hash": "AAAA"},
}


@pytest.mark.rest_in_prove("database")
def test_an_id_token_is_believed_if_all_of_it_is_right(
    desk: TestClient, provider: Provider
) -> None:
    for name, lie in LIES.items():
        provider.says(**lie)
        assert problem(enter(desk, provider)) == "not_believed", name
    provider.says()
    assert place(enter(desk, provider))[0] == "/"


@pytest.mark.rest_in_prove("database")
def test_a_signature_is_by_a_key_of_the_provider(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.says()
    del provider.changes[openid_provider.KEYS]
    assert problem(enter(desk, provider)) == "not_believed"
    none = "eyJhbGciOiJub25lIn0.e30."
    provider.changes[openid_provider.CONFIGURATION] = lambda said: (
        said | {"id_token_signing_alg_values_supported": ["none", "HS256", "RS256"]}
    )
    with trusting(provider, monkeypatch) as other:
        for token in (none, "", None, "a.b.c", 7, ["x"]):
            provider.changes[openid_provider.TOKEN] = partial(_with_id_token, token)
            assert problem(enter(other, provider)) == "not_believed", token


@pytest.mark.rest_in_prove("database")
def test_new_keys_of_the_provider_are_found(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "KEYS_SECONDS", 0.0)
    assert place(enter(desk, provider))[0] == "/"
    provider.says()  # the provider signs with another key from now on
    assert place(enter(desk, provider))[0] == "/"
    assert provider.asked.count(openid_provider.KEYS) == 2


@pytest.mark.rest_in_prove("database")
def test_unknown_keys_are_not_asked_for_without_end(desk: TestClient, provider: Provider) -> None:
    assert place(enter(desk, provider))[0] == "/"
    provider.says()
    for _ in range(3):
        assert problem(enter(desk, provider)) == "not_believed"
    assert provider.asked.count(openid_provider.KEYS) == 1


@pytest.mark.rest_in_prove("database")
def test_metadata_end_in_time(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "METADATA_SECONDS", 0.0)
    leave(desk)
    asked = len(provider.asked)
    leave(desk)
    assert openid_provider.CONFIGURATION in provider.asked[asked:]


CONFIGURATIONS: dict[str, Any] = {
    "of another issuer": lambda said: said | {"issuer": "https://evil.example"},
    "with an address without TLS": lambda said: said | {"token_endpoint": "http://evil.example/"},
    "with a script as address": lambda said: said | {"authorization_endpoint": "javascript:x"},
    "without a token endpoint": lambda said: {
        name: value for name, value in said.items() if name != "token_endpoint"
    },
    "with signatures that anyone can make": lambda said: (
        said | {"id_token_signing_alg_values_supported": ["none", "HS256"]}
    ),
    "that is a list": lambda said: [said],
    "that is nothing": lambda _: None,
}


@pytest.mark.rest_in_prove("database")
def test_a_configuration_is_believed_if_it_is_the_providers(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, change in CONFIGURATIONS.items():
        provider.changes[openid_provider.CONFIGURATION] = change
        with trusting(provider, monkeypatch) as client:
            assert problem(client.get(START)) == "not_believed", name


@pytest.mark.rest_in_prove("database")
def test_no_metadata_become_options_of_the_client(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.changes[openid_provider.CONFIGURATION] = lambda said: said | {
        "verify": False, "proxy": "http://evil.example:1", "timeout": 0, "token": {"x": 1},
        "redirect_uri": "https://evil.example", "code_challenge_method": "plain",
    }  # fmt: skip
    with trusting(provider, monkeypatch) as client:
        address = leave(client)
        assert query_of(address)["code_challenge_method"] == "S256"
        assert place(client.get(provider.authorize(address, "ada")))[0] == "/"


@pytest.mark.rest_in_prove("database")
def test_the_provider_is_asked_for_its_configuration_once(
    desk: TestClient, provider: Provider
) -> None:
    for _ in range(3):
        assert place(enter(desk, provider))[0] == "/"
    assert provider.asked.count(openid_provider.CONFIGURATION) == 1
    assert provider.asked.count(openid_provider.KEYS) == 1


@pytest.mark.rest_in_prove("database")
def test_claims_that_are_at_the_userinfo_endpoint_alone_are_found(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.says(email=None, email_verified=None)
    assert place(enter(desk, provider))[0] == "/"
    assert openid_provider.USER_INFO in provider.asked
    provider.changes[openid_provider.USER_INFO] = lambda said: said | {"sub": "another"}
    assert problem(enter(desk, provider)) == "not_believed"


@pytest.mark.parametrize(
    "path",
    [
        openid_provider.CONFIGURATION,
        openid_provider.KEYS,
        openid_provider.TOKEN,
        openid_provider.USER_INFO,
    ],
)
def test_an_answer_of_any_size_is_not_read(
    sqlite_database: str,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    administrator()
    for padding, is_packed in ((" " * ANSWER_BYTES, False), ("", True)):
        provider.changes[path] = partial(dict, padding=padding)
        provider.packed = {path} if is_packed else set()
        with trusting(provider, monkeypatch, OIDC_ROLES="admins=administrator") as desk:
            begins = path == openid_provider.CONFIGURATION
            answer = desk.get(START) if begins else enter(desk, provider)
            assert problem(answer) == "not_believed"


@pytest.mark.rest_in_prove("database")
def test_a_provider_that_is_away_is_said_to_be_in_time(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = provider.authorize(leave(desk), "ada")
    monkeypatch.setattr(identity_provider, "SECONDS", 0.2)
    monkeypatch.setattr(identity_provider, "FAILURE_SECONDS", 60.0)
    with silent(provider, openid_provider.TOKEN):
        assert problem(desk.get(back)) == "away"
    with (
        trusting(provider, monkeypatch) as other,
        silent(provider, openid_provider.CONFIGURATION),
    ):
        provider.asked.clear()
        for _ in range(5):  # of a provider that has just failed nothing is asked
            assert problem(other.get(START, params={"next": "/board"})) == "away"
        assert provider.asked == [openid_provider.CONFIGURATION]
    with trusting(provider, monkeypatch, OIDC_ISSUER="http://localhost:1") as nowhere:
        assert problem(nowhere.get(START)) == "away"


@pytest.mark.rest_in_prove("database")
def test_one_client_cannot_fill_the_places_of_others(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = provider.authorize(leave(desk), "ada")
    monkeypatch.setattr(identity_provider, "CALLS_OF_CLIENT_MAX", 0)
    assert problem(desk.get(back)) == "crowded"


def test_one_who_denies_is_told_so(desk: TestClient, provider: Provider) -> None:
    back = provider.deny(leave(desk, next="/board"))
    assert problem(desk.get(back)) == "denied"
    state = query_of(leave(desk, next="/board"))["state"]
    wrong = {"error": "server_error", "error_description": "<b>x</b>", "state": state}
    answer = desk.get(CALLBACK, params=wrong)
    assert place(answer) == ("/sign-in", {"problem": ["not_believed"], "next": ["/board"]})


def test_an_unverified_address_takes_over_no_account(desk: TestClient, provider: Provider) -> None:
    provider.knows("mallory", email=ADMINISTRATOR, email_verified=False)
    assert problem(enter(desk, provider, "mallory")) == "unverified"
    provider.knows("eve", email=ADMINISTRATOR)
    assert problem(enter(desk, provider, "eve")) == "unverified"


def test_strangers_and_those_deactivated_get_the_same_answer(
    desk: TestClient, provider: Provider
) -> None:
    provider.knows("sam", email="sam@elsewhere.org", email_verified=True)
    provider.knows("gone", email="gone@example.com", email_verified=True)
    rights.set_active(by_command(), account("gone@example.com", Role.AGENT), False)
    answers = [enter(desk, provider, sub) for sub in ("sam", "gone")]
    assert [problem(each) for each in answers] == ["refused", "refused"]
    assert answers[0].headers == answers[1].headers


def test_groups_and_domains_give_roles(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.knows("bea", email="bea@example.com", email_verified=True, groups=["support"])
    provider.knows("cid", email="cid@partner.org", email_verified=True, groups=[])
    roles = {"OIDC_ROLES": "support=agent", "OIDC_DOMAINS": "Partner.org=requester"}
    with trusting(provider, monkeypatch, **roles) as client:
        for sub, role in (("bea", Role.AGENT), ("cid", Role.REQUESTER)):
            assert place(enter(client, provider, sub))[0] == "/"
            assert client.get("/api/me/").json()["role"] == role


def test_a_name_with_line_ends_reaches_no_header(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "Eve\r\nSet-Cookie: desk_session=x"
    provider.knows("eve", email="eve@example.com", email_verified=True, name=name)
    with trusting(provider, monkeypatch, OIDC_DOMAINS="*=agent") as client:
        answer = enter(client, provider, "eve")
        assert "Eve" not in str(answer.headers)
    person = directory.find_person(by_command(), "eve@example.com")
    assert person.name == "EveSet-Cookie: desk_session=x"


@pytest.mark.rest_in_prove("database")
@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "javascript:x"],
)
def test_nobody_is_sent_to_another_site_after_a_sign_in(
    desk: TestClient, provider: Provider, wanted: str
) -> None:
    assert place(enter(desk, provider, next=wanted)) == ("/", {})


@pytest.mark.rest_in_prove("database")
def test_the_way_back_is_no_name_that_a_request_claims(
    desk: TestClient, provider: Provider
) -> None:
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    address = desk.get(START, headers=headers).headers["location"]
    assert query_of(address)["redirect_uri"] == f"{ORIGIN}{CALLBACK}"


@pytest.mark.rest_in_prove("database")
def test_over_tls_the_cookie_of_a_flow_is_of_this_host_alone(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trusting(provider, monkeypatch, DESK_URL="https://desk.example.com") as client:
        said = client.get(START).headers["set-cookie"]
    assert said.startswith(f"{single_sign_on.COOKIE_OVER_TLS}=")
    assert "Secure" in said and "Path=/;" in said and "Domain" not in said and "HttpOnly" in said
    assert "SameSite=lax" in said and "Max-Age=600" in said
    assert query_of(client.get(START).headers["location"])["redirect_uri"].startswith(
        "https://desk"
    )


def test_a_sign_out_goes_on_to_the_provider_and_back(desk: TestClient, provider: Provider) -> None:
    enter(desk, provider)
    token = desk.cookies[COOKIE]
    answer = desk.post("/api/sign-out", headers=OWN_PAGE)
    assert answer.status_code == 200
    assert answer.headers["clear-site-data"] == '"storage"'
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    address = answer.text.partition("url=")[2].partition('"')[0].replace("&amp;", "&")
    assert address.startswith(f"{provider.url}/oauth2/end_session?")
    asked = query_of(address)
    assert (asked["post_logout_redirect_uri"], asked["client_id"]) == (f"{ORIGIN}/sign-in", "desk")
    assert "id_token_hint" not in asked
    assert not is_in_force(desk, token)


@pytest.mark.rest_in_prove("database")
def test_a_sign_out_needs_no_provider(
    desk: TestClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(desk, provider)
    token = desk.cookies[COOKIE]
    with trusting(provider, monkeypatch) as fresh:  # a process that knows no metadata yet
        monkeypatch.setattr(identity_provider, "SECONDS_AT_SIGN_OUT", 0.1)
        with silent(provider, openid_provider.CONFIGURATION):
            answer = fresh.post("/api/sign-out", headers=with_session(token))
        assert place(answer) == ("/sign-in", {})
        assert not is_in_force(fresh, token)
    provider.changes[openid_provider.CONFIGURATION] = lambda said: (
        said | {"end_session_endpoint": None}
    )
    with trusting(provider, monkeypatch) as plain:
        enter(plain, provider)
        assert place(plain.post("/api/sign-out", headers=OWN_PAGE)) == ("/sign-in", {})


@pytest.mark.rest_in_prove("database")
def test_who_signed_in_by_a_password_stays_signed_in_at_the_provider(
    desk: TestClient, provider: Provider
) -> None:
    token = session_token(account("bea@example.com", Role.AGENT))
    answer = desk.post("/api/sign-out", headers=with_session(token))
    assert place(answer) == ("/sign-in", {})
    assert provider.asked == ["/users/ada"]


@pytest.mark.rest_in_prove("database")
def test_without_a_provider_or_an_account_the_addresses_lead_home(
    database: str, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trusting(provider, monkeypatch) as client:  # an open desk
        for address in (START, CALLBACK, f"{CALLBACK}?code=x&state=y"):
            assert place(client.get(address)) == ("/", {})
    administrator()
    for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"OIDC_{name}")
    get_settings.cache_clear()
    with TestClient(make_api(), base_url=ORIGIN, follow_redirects=False) as client:
        for address in (START, CALLBACK, f"{CALLBACK}?code=x&state=y"):
            assert place(client.get(address)) == ("/", {})
    assert provider.asked == ["/users/ada"]


@pytest.mark.rest_in_prove("database")
def test_the_log_has_neither_codes_nor_tokens_nor_what_a_stranger_sent(
    desk: TestClient, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        back = provider.authorize(leave(desk), "ada")
        sent = query_of(back)
        desk.get(f"{CALLBACK}?{urlencode(sent | {'state': 'FORGED'})}")
        provider.says(iss="https://evil.example")
        assert problem(enter(desk, provider)) == "not_believed"
    of_the_provider = ("werkzeug", "oidc_provider_mock")
    ours = [each for each in caplog.records if not each.name.startswith(of_the_provider)]
    said = "\n".join(each.getMessage() for each in ours)
    secrets = [sent["code"], sent["state"], "FORGED", "s3cret", "evil.example", "code_verifier"]
    assert [secret for secret in secrets if secret in said] == []
    assert "a single sign-on of testclient failed: single_sign_on_stale" in said
    assert "the answer of the provider of single sign-on is wrong: InvalidClaimError" in said
    assert urlsplit(back).path == CALLBACK


@pytest.mark.rest_in_prove("database")
def test_codes_of_a_stranger_fill_no_log(
    desk: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "_lines", TokenBucket(0.001, 1.0))
    state = query_of(leave(desk))["state"]
    for _ in range(5):
        kept = desk.cookies[FLOW]  # the desk deletes it, and a stranger does not
        assert problem(desk.get(f"{CALLBACK}?{urlencode({'code': 'x', 'state': state})}"))
        desk.cookies.set(FLOW, kept, path=START)
    of_the_provider = [each for each in caplog.records if each.name == identity_provider.__name__]
    assert len(of_the_provider) == 2
