"""Every setting of the desk: one environment variable each, typed here, documented in .env.example.

A blank value counts as unset, and an unknown name is ignored. A wrong value raises a
ConfigurationError whose sentence names the variable, the problem and an example. That sentence
never contains a secret.
"""

import os
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, unquote

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ticket_app.errors import ConfigurationError
from ticket_app.setting_types import (
    Address,
    DatabaseUrl,
    HostNames,
    HttpUrl,
    Issuer,
    Networks,
    Origin,
    Origins,
    RedisUrl,
    Roles,
    RolesByDomain,
    RolesByName,
)
from ticket_app.vocabulary import Category, Priority, Role

ROOT = Path(__file__).resolve().parent.parent
WORKERS_MAX = 64

ProviderName = Literal["openai", "gemini", "anthropic", "ollama"]

DEFAULT_MODELS: dict[ProviderName, str] = {
    "openai": "gpt-4o-mini",
    "gemini": "gemini-flash-latest",
    "anthropic": "claude-haiku-4-5-20251001",
    "ollama": "llama3.1",
}


class ProviderChoice(NamedTuple):
    """The AI provider that the environment selects. `api_key` is None where none is needed."""

    name: ProviderName
    model: str
    api_key: SecretStr | None
    base_url: str | None


class SingleSignOn(NamedTuple):
    """The provider of OpenID Connect, and the roles that it and e-mail domains give.

    `roles` are by the values of the claim `role_claim`. `domains` are by folded names; "*" is any.
    """

    issuer: str
    client_id: str
    secret: SecretStr
    name: str
    role_claim: str
    roles: Mapping[str, Role]
    domains: Mapping[str, Role]


class Settings(BaseSettings):
    """The environment, read once. Fields are the variables' names in lower case."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field("127.0.0.1", examples=["127.0.0.1"])
    port: int = Field(8000, ge=1, le=65535, examples=["8000"])
    dev_port: int = Field(3000, ge=1, le=65535, examples=["3000"])
    data_dir: Path = Field(ROOT / ".data", examples=[".data"])
    attachments_dir: Path | None = Field(None, examples=["/srv/desk/attachments"])
    attachment_max_mib: int = Field(25, ge=1, le=1024, examples=["25"])
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", examples=["info"])
    allowed_hosts: HostNames = Field(
        ("localhost", "127.0.0.1", "[::1]"), examples=["desk.example.com,localhost"]
    )
    allowed_origins: Origins = Field((), examples=["https://intranet.example.com"])
    trusted_proxies: Networks = Field((), examples=["127.0.0.1,10.84.0.0/24"])
    desk_url: Origin | None = Field(None, examples=["https://desk.example.com"])

    allow_open: bool = Field(False, examples=["true"])
    public_form: bool = Field(True, examples=["false"])
    undo_send_seconds: int = Field(10, ge=0, le=60, examples=["10"])
    require_second_factor: Roles = Field((), examples=["administrator,agent"])
    admin_email: Address | None = Field(None, examples=["ana@example.com"])
    admin_password_file: Path | None = Field(None, examples=["/run/secrets/admin_password"])

    oidc_issuer: Issuer | None = Field(None, examples=["https://id.example.com/realms/desk"])
    oidc_client_id: str | None = Field(None, examples=["desk"])
    oidc_client_secret: SecretStr | None = Field(None, examples=["a-long-random-word"])
    oidc_client_secret_file: Path | None = Field(None, examples=["/run/secrets/oidc"])
    oidc_name: str = Field("single sign-on", max_length=40, examples=["Keycloak"])
    oidc_role_claim: str = Field("groups", examples=["realm_access.roles"])
    oidc_roles: RolesByName = Field({}, examples=["desk-admins=administrator,support=agent"])
    oidc_domains: RolesByDomain = Field({}, examples=["example.com=agent,*=requester"])

    workers: int = Field(1, ge=1, le=WORKERS_MAX, examples=["2"])
    redis_url: RedisUrl | None = Field(None, examples=["redis://localhost:6379/0"])

    database_url: DatabaseUrl | None = Field(
        None, examples=["postgresql://desk:password@localhost:5432/desk"]
    )
    postgres_host: str | None = Field(None, examples=["localhost"])
    postgres_port: int = Field(5432, ge=1, le=65535, examples=["5432"])
    postgres_user: str = Field("postgres", examples=["desk"])
    postgres_password: SecretStr | None = Field(None, examples=["a-long-random-word"])
    postgres_db: str | None = Field(None, examples=["desk"])

    ai_provider: ProviderName | Literal["offline"] | None = Field(None, examples=["openai"])
    ai_model: str | None = Field(None, examples=["gpt-4o-mini"])
    ai_base_url: HttpUrl | None = Field(None, examples=["http://localhost:11434"])
    openai_api_key: SecretStr | None = Field(None, examples=["sk-..."])
    gemini_api_key: SecretStr | None = Field(None, examples=["AIza..."])
    anthropic_api_key: SecretStr | None = Field(None, examples=["sk-ant-..."])
    openai_classify_model: str | None = Field(None, examples=["gpt-4o-mini"])
    ai_interactive_seconds: float = Field(4.0, gt=0, le=60, examples=["4"])
    ai_background_seconds: float = Field(30.0, gt=0, le=600, examples=["30"])
    ai_calls_at_once: int = Field(8, ge=1, le=100, examples=["8"])
    ai_backlog_per_minute: int = Field(60, ge=1, le=6000, examples=["60"])
    ai_daily_budget_usd: float | None = Field(None, ge=0, le=1e9, examples=["5"])
    ai_fallback_category: Category = Field(Category.GENERAL, examples=["general"])
    ai_fallback_priority: Priority = Field(Priority.LOW, examples=["low"])

    @model_validator(mode="before")
    @classmethod
    def _blank_means_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        stripped = {k: v.strip() if isinstance(v, str) else v for k, v in values.items()}
        return {k: v for k, v in stripped.items() if v != ""}

    @model_validator(mode="after")
    def _provider_has_its_key(self) -> "Settings":
        if (
            self.ai_provider in ("openai", "gemini", "anthropic")
            and self._key_of(self.ai_provider) is None
            and self.ai_base_url is None
        ):
            raise ValueError(
                f"AI_PROVIDER is {self.ai_provider}, but {self.ai_provider.upper()}_API_KEY is not "
                f"set; for example: {self.ai_provider.upper()}_API_KEY=your-key"
            )
        return self

    @model_validator(mode="after")
    def _several_workers_have_their_redis(self) -> "Settings":
        if self.workers > 1 and self.redis_url is None:
            raise ValueError(
                f"WORKERS is {self.workers}, but REDIS_URL is not set, through which several "
                "processes tell each other of changes; for example: "
                "REDIS_URL=redis://localhost:6379/0"
            )
        return self

    @model_validator(mode="after")
    def _the_administrator_has_both(self) -> "Settings":
        if (self.admin_email is None) != (self.admin_password_file is None):
            raise ValueError(
                "ADMIN_EMAIL and ADMIN_PASSWORD_FILE belong together, and one of them is not set; "
                "for example: ADMIN_EMAIL=ana@example.com "
                "ADMIN_PASSWORD_FILE=/run/secrets/admin_password"
            )
        return self

    @model_validator(mode="after")
    def _single_sign_on_has_all(self) -> "Settings":
        secrets = (self.oidc_client_secret, self.oidc_client_secret_file)
        has_secret = any(each is not None for each in secrets)
        has_all = self.oidc_issuer and self.oidc_client_id and has_secret
        has_any = self.oidc_issuer or self.oidc_client_id or has_secret
        if has_any and (not has_all or None not in secrets):
            raise ValueError(
                "OIDC_ISSUER, OIDC_CLIENT_ID and either OIDC_CLIENT_SECRET or "
                "OIDC_CLIENT_SECRET_FILE belong together; for example: "
                "OIDC_ISSUER=https://id.example.com OIDC_CLIENT_ID=desk "
                "OIDC_CLIENT_SECRET_FILE=/run/secrets/oidc"
            )
        return self

    @property
    def attachments_folder(self) -> Path:
        """The folder of the attachments: ATTACHMENTS_DIR, or else one in DATA_DIR."""
        return (self.attachments_dir or self.data_dir / "attachments").absolute()

    @property
    def attachment_max_bytes(self) -> int:
        """The size of the largest file that may be attached."""
        return self.attachment_max_mib * 1024 * 1024

    @property
    def desk_address(self) -> str:
        """The address of the desk for its people: DESK_URL, or else this machine's own."""
        return self.desk_url or f"http://localhost:{self.port}"

    @cached_property
    def single_sign_on(self) -> SingleSignOn | None:
        """The provider of OpenID Connect, or None without one.

        Raises ConfigurationError if the file of the secret cannot be used.
        """
        if self.oidc_issuer is None or self.oidc_client_id is None:
            return None
        secret = self.oidc_client_secret or _secret_in(self.oidc_client_secret_file)
        return SingleSignOn(
            self.oidc_issuer,
            self.oidc_client_id,
            secret,
            self.oidc_name,
            self.oidc_role_claim,
            self.oidc_roles,
            self.oidc_domains,
        )

    @property
    def provider(self) -> ProviderChoice | None:
        """The provider to call, or None if the offline engine does all the triage.

        AI_PROVIDER decides. Without it the first key found of OpenAI, Gemini and Anthropic decides.
        AI_BASE_URL alone means an endpoint that speaks OpenAI's protocol.
        """
        if self.ai_provider == "offline":
            return None
        name = self.ai_provider or self._provider_of_first_key()
        if name is None:
            return None
        model = self.ai_model or DEFAULT_MODELS[name]
        if name == "openai" and self.ai_model is None and self.openai_classify_model:
            model = self.openai_classify_model
        return ProviderChoice(name, model, self._key_of(name), self.ai_base_url)

    def provider_named(self, name: ProviderName, model: str | None = None) -> ProviderChoice:
        """Returns a provider to try: the configured one, or another whose key is set.

        Without `model` the configured provider keeps its model, and any other takes its default.
        AI_BASE_URL applies to the configured provider alone. Raises ConfigurationError without a
        key.
        """
        configured = self.provider
        is_configured = configured is not None and configured.name == name
        base_url = self.ai_base_url if is_configured else None
        key = self._key_of(name)
        if key is None and name != "ollama" and base_url is None:
            variable = f"{name.upper()}_API_KEY"
            raise ConfigurationError(f"{variable} is not set; for example: {variable}=your-key")
        own = configured.model if configured is not None and is_configured else DEFAULT_MODELS[name]
        return ProviderChoice(name, model or own, key, base_url)

    @property
    def database(self) -> SecretStr:
        """The SQLAlchemy URL: DATABASE_URL, else the POSTGRES_ set, else SQLite in DATA_DIR."""
        if self.database_url is not None:
            scheme, _, rest = self.database_url.get_secret_value().partition("://")
            driver = "sqlite" if scheme == "sqlite" else "postgresql+psycopg2"
            return SecretStr(f"{driver}://{rest}")
        if self.postgres_host is None:
            return SecretStr(f"sqlite:///{quote(str(self.data_dir.absolute() / 'desk.sqlite3'))}")
        password = self.postgres_password
        secret = f":{quote(password.get_secret_value(), safe='')}" if password else ""
        host, socket = self.postgres_host.strip("[]"), ""
        if host.startswith("/"):  # the folder of a Unix socket
            host, socket = "", f"?host={quote(host)}"
        elif ":" in host:
            host = f"[{host}]"
        return SecretStr(
            f"postgresql+psycopg2://{quote(self.postgres_user, safe='')}{secret}"
            f"@{host}:{self.postgres_port}"
            f"/{quote(self.postgres_db or self.postgres_user, safe='')}{socket}"
        )

    @property
    def sqlite_file(self) -> Path | None:
        """SQLite's file; None for another database and for a URL in SQLite's `file:` form."""
        scheme, _, name = self.database.get_secret_value().partition(":///")
        name = unquote(name.partition("?")[0])
        return None if scheme != "sqlite" or name.startswith("file:") else Path(name).absolute()

    def _provider_of_first_key(self) -> ProviderName | None:
        names: tuple[ProviderName, ...] = ("openai", "gemini", "anthropic")
        found = next((name for name in names if self._key_of(name) is not None), None)
        return found or ("openai" if self.ai_base_url else None)

    def _key_of(self, name: ProviderName) -> SecretStr | None:
        return {
            "openai": self.openai_api_key,
            "gemini": self.gemini_api_key,
            "anthropic": self.anthropic_api_key,
            "ollama": None,
        }[name]


@lru_cache
def get_settings() -> Settings:
    """Returns the settings of this process, from the environment and the file ENV_FILE (.env).

    Raises ConfigurationError for the first wrong value.
    """
    try:
        return Settings(_env_file=os.environ.get("ENV_FILE") or ROOT / ".env")
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None


def _secret_in(file: Path | None) -> SecretStr:
    try:
        text = file.read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"OIDC_CLIENT_SECRET_FILE cannot be read: {why}.") from None
    if not text:
        raise ConfigurationError("The file of OIDC_CLIENT_SECRET_FILE is empty.")
    return SecretStr(text)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    problem = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"{problem}."
    name = str(first["loc"][0])
    problem = problem[0].lower() + problem[1:]
    examples = Settings.model_fields[name].examples or [""]
    return f"{name.upper()} is wrong ({problem}); for example: {name.upper()}={examples[0]}"
