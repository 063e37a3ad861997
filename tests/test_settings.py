"""Settings are read from the environment, and a wrong one gives one clear sentence."""

from pathlib import Path

import pytest

from ticket_app.errors import ConfigurationError
from ticket_app.settings import DEFAULT_MODELS, Settings, get_settings
from ticket_app.vocabulary import Role

SECRET = "hunter2-do-not-print"  # noqa: S105  # a made-up one

OIDC = {
    "OIDC_ISSUER": "https://id.example.com/realms/a",
    "OIDC_CLIENT_ID": "desk",
    "OIDC_CLIENT_SECRET": SECRET,
}


def settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    """Returns the settings for this environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    return get_settings()


def test_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch)
    assert (found.host, found.port, found.provider) == ("127.0.0.1", 8000, None)
    assert found.database.get_secret_value().startswith("sqlite:///")
    assert Path(found.database.get_secret_value().removeprefix("sqlite:///")).parent.name == ".data"


@pytest.mark.parametrize(
    ("environment", "database"),
    [
        ({"DATABASE_URL": "postgresql://u:p@h/d"}, "postgresql+psycopg2://u:p@h/d"),
        ({"DATABASE_URL": "postgres://u@h/d"}, "postgresql+psycopg2://u@h/d"),
        ({"DATABASE_URL": "sqlite:////tmp/a.db"}, "sqlite:////tmp/a.db"),
        ({"POSTGRES_HOST": "h"}, "postgresql+psycopg2://postgres@h:5432/postgres"),
        ({"POSTGRES_HOST": "::1"}, "postgresql+psycopg2://postgres@[::1]:5432/postgres"),
        ({"POSTGRES_HOST": "[::1]"}, "postgresql+psycopg2://postgres@[::1]:5432/postgres"),
        (
            {"POSTGRES_HOST": "/run/my sql", "POSTGRES_DB": "a%b?c"},
            "postgresql+psycopg2://postgres@:5432/a%25b%3Fc?host=/run/my%20sql",
        ),
        ({"DATA_DIR": "/50%25 sure?"}, "sqlite:////50%2525%20sure%3F/desk.sqlite3"),
        (
            {
                "POSTGRES_HOST": "h", "POSTGRES_USER": "desk", "POSTGRES_PASSWORD": "a@b/c:d",
                "POSTGRES_DB": "tickets", "POSTGRES_PORT": "6543",
            },
            "postgresql+psycopg2://desk:a%40b%2Fc%3Ad@h:6543/tickets",
        ),
        (
            {"DATABASE_URL": "postgresql://u@h/d", "POSTGRES_HOST": "other"},
            "postgresql+psycopg2://u@h/d",
        ),
    ],
)  # fmt: skip
def test_the_database_is_chosen(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], database: str
) -> None:
    assert settings(monkeypatch, **environment).database.get_secret_value() == database


def test_postgres_set_without_a_host_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, POSTGRES_USER="desk", POSTGRES_PASSWORD=SECRET)
    assert found.database.get_secret_value().startswith("sqlite:///")


@pytest.mark.parametrize(
    ("environment", "name", "model"),
    [
        ({"OPENAI_API_KEY": "k"}, "openai", "gpt-4o-mini"),
        ({"GEMINI_API_KEY": "k"}, "gemini", "gemini-flash-latest"),
        ({"ANTHROPIC_API_KEY": "k"}, "anthropic", "claude-haiku-4-5-20251001"),
        ({"OPENAI_API_KEY": "k", "OPENAI_CLASSIFY_MODEL": "gpt-x"}, "openai", "gpt-x"),
        (
            {"OPENAI_API_KEY": "k", "OPENAI_CLASSIFY_MODEL": "gpt-x", "AI_MODEL": "gpt-y"},
            "openai",
            "gpt-y",
        ),
        ({"OPENAI_API_KEY": "k", "GEMINI_API_KEY": "k"}, "openai", "gpt-4o-mini"),
        (
            {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "AI_PROVIDER": "anthropic"},
            "anthropic",
            DEFAULT_MODELS["anthropic"],
        ),
        ({"AI_BASE_URL": "http://localhost:1234/v1", "AI_MODEL": "qwen"}, "openai", "qwen"),
        ({"AI_PROVIDER": "ollama"}, "ollama", DEFAULT_MODELS["ollama"]),
    ],
)
def test_the_provider_is_chosen(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], name: str, model: str
) -> None:
    provider = settings(monkeypatch, **environment).provider
    assert provider is not None
    assert (provider.name, provider.model) == (name, model)


def test_offline_can_be_insisted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch, OPENAI_API_KEY="k", AI_PROVIDER="offline").provider is None


def test_the_address_of_the_desk_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, DESK_URL="https://desk.example.com:8443/")
    assert found.desk_url == "https://desk.example.com:8443"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "eight"}, ["PORT", "PORT=8000"]),
        ({"PORT": "0"}, ["PORT", "PORT=8000"]),
        ({"DATABASE_URL": f"mysql://u:{SECRET}@h/d"}, ["DATABASE_URL", "postgresql://"]),
        ({"AI_PROVIDER": "skynet"}, ["AI_PROVIDER", "openai"]),
        ({"AI_PROVIDER": "gemini"}, ["GEMINI_API_KEY", "not set"]),
        ({"AI_BASE_URL": "localhost"}, ["AI_BASE_URL", "http://"]),
        ({"ALLOWED_ORIGINS": "*"}, ["ALLOWED_ORIGINS", "https://"]),
        ({"ALLOWED_ORIGINS": "https://a.example/path"}, ["ALLOWED_ORIGINS"]),
        ({"ALLOWED_HOSTS": "https://a.example"}, ["ALLOWED_HOSTS", "desk.example.com"]),
        ({"DESK_URL": "desk.example.com"}, ["DESK_URL", "https://desk.example.com"]),
        ({"DESK_URL": "https://desk.example.com/tickets"}, ["DESK_URL", "without a path"]),
        ({"DESK_URL": "https://ana@desk.example.com"}, ["DESK_URL"]),
        ({"ALLOW_OPEN": "perhaps"}, ["ALLOW_OPEN", "ALLOW_OPEN=true"]),
        ({"PUBLIC_FORM": "perhaps"}, ["PUBLIC_FORM", "PUBLIC_FORM=false"]),
        ({"AI_FALLBACK_CATEGORY": "sales"}, ["AI_FALLBACK_CATEGORY", "general"]),
        ({"LOG_LEVEL": "loud"}, ["LOG_LEVEL", "info"]),
        ({"WORKERS": "0"}, ["WORKERS", "WORKERS=2"]),
        ({"WORKERS": "2"}, ["WORKERS is 2", "REDIS_URL is not set", "REDIS_URL=redis://"]),
        ({"REDIS_URL": f"http://:{SECRET}@h"}, ["REDIS_URL", "redis://localhost:6379/0"]),
        ({"REDIS_URL": f"redis://h:x{SECRET}"}, ["REDIS_URL", "port", "redis://localhost:6379/0"]),
        ({"OIDC_ISSUER": "http://id.example.com"}, ["OIDC_ISSUER", "https://"]),
        ({"OIDC_ISSUER": f"https://a:{SECRET}@id.example.com"}, ["OIDC_ISSUER", "https://"]),
        ({"OIDC_ISSUER": "https://"}, ["OIDC_ISSUER", "https://"]),
        ({"OIDC_ISSUER": "https://id.example.com"}, ["OIDC_CLIENT_ID", "belong together"]),
        ({"OIDC_CLIENT_SECRET": SECRET}, ["OIDC_ISSUER", "belong together"]),
        (OIDC | {"OIDC_CLIENT_SECRET_FILE": "/dev/null"}, ["either OIDC_CLIENT_SECRET or"]),
        ({"OIDC_ROLES": "support"}, ["OIDC_ROLES", "desk-admins=administrator"]),
        ({"OIDC_ROLES": "support=boss"}, ["OIDC_ROLES", "requester, agent, administrator"]),
        ({"OIDC_ROLES": "a=agent,a=requester"}, ["OIDC_ROLES", "different name"]),
        ({"OIDC_DOMAINS": "=agent"}, ["OIDC_DOMAINS", "example.com=agent"]),
    ],
)
def test_a_wrong_value_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(monkeypatch, **environment)
    assert "\n" not in caught.value.detail
    assert all(word in caught.value.detail for word in words), caught.value.detail
    assert SECRET not in caught.value.detail


def test_blank_is_unset_and_unknown_is_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("PORT=8123\nDATABASE_URL=\nOPENAI_API_KEY=  \nCOLOUR=red\nHOST=''\n")
    found = settings(monkeypatch, ENV_FILE=str(env_file))
    assert (found.port, found.host, found.provider) == (8123, "127.0.0.1", None)
    assert settings(monkeypatch, PORT="9000").port == 9000
    assert settings(monkeypatch, PORT="").port == 8123


def test_no_secret_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch,
        OPENAI_API_KEY=SECRET,
        POSTGRES_PASSWORD=SECRET,
        DATABASE_URL=f"postgresql://u:{SECRET}@h/d",
        REDIS_URL=f"redis://:{SECRET}@h/0",
        **OIDC,
    )
    printed = (found.provider, found.database, found.single_sign_on)
    assert SECRET not in f"{found!r} {found} {printed!r}"


def test_roles_are_by_groups_and_by_domains(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch,
        OIDC_ROLES="CN=Desk Admins=administrator, support = agent",
        OIDC_DOMAINS="Example.COM=agent,@partner.org=Requester,*=requester",
        **OIDC,
    ).single_sign_on
    assert found is not None
    assert found.roles == {"CN=Desk Admins": Role.ADMINISTRATOR, "support": Role.AGENT}
    assert found.domains == {
        "example.com": Role.AGENT,
        "partner.org": Role.REQUESTER,
        "*": Role.REQUESTER,
    }
    assert (found.name, found.role_claim) == ("single sign-on", "groups")


def test_the_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    environment = OIDC | {"OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": str(file)}
    for content, problem in ((None, "cannot be read"), (b"\xff", "UTF-8"), (b" \n", "empty")):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigurationError, match=problem):
            _ = settings(monkeypatch, **environment).single_sign_on
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    found = settings(monkeypatch, **environment).single_sign_on
    assert found is not None and found.secret.get_secret_value() == SECRET
