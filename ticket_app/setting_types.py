"""The types of settings beyond numbers and words. Each refuses a wrong value by a ValueError whose
sentence follows the variable's name and never contains a secret.
"""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from ticket_app.addresses import composed, folded, is_address
from ticket_app.vocabulary import ISSUER_MAX, Role

DATABASE_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg2", "sqlite")
REDIS_SCHEMES = ("redis", "rediss", "unix")


def _comma_separated(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _known_database(value: SecretStr) -> SecretStr:
    if value.get_secret_value().partition("://")[0] not in DATABASE_SCHEMES:
        raise ValueError("must begin with postgresql:// or sqlite:///")
    return value


def _known_redis(value: SecretStr) -> SecretStr:
    if value.get_secret_value().partition("://")[0] not in REDIS_SCHEMES:
        raise ValueError("must begin with redis://, rediss:// or unix://")
    try:
        _ = urlsplit(value.get_secret_value()).port
    except ValueError:  # pydantic's own message may repeat a password
        raise ValueError("the port must be a number") from None
    return value


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_is_origin(value) for value in values):
        raise ValueError("each must be a scheme and a host, without a path, and never *")
    return values


def _origin(value: str) -> str:
    kept = value.rstrip("/")
    if not _is_origin(kept):
        raise ValueError("must be http:// or https:// and a host, without a path")
    return kept


def _is_origin(value: str) -> bool:
    """Returns True for a scheme and a host, which may have a port, and nothing else."""
    parts = urlsplit(value)
    known = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return bool(known) and value.partition("://")[2] == parts.netloc


def _host_names(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if "/" in value or (value.rpartition(":")[2].isdigit() and not value.endswith("]")):
            raise ValueError("each must be a host name without scheme or port")
    return tuple(value.lower() for value in values)


def _networks(value: Any) -> Any:
    try:
        return tuple(ip_network(each, strict=False) for each in _comma_separated(value))
    except (TypeError, ValueError):
        raise ValueError("each must be an address or a network of addresses") from None


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("must be an http:// or https:// address")
    return value.rstrip("/")


def _roles(value: Any) -> Any:
    try:
        return tuple(Role(each) for each in _comma_separated(value))
    except (TypeError, ValueError):
        raise ValueError(f"each must be one of {', '.join(Role)}") from None


def is_loopback(host: str) -> bool:
    """Returns True if only this machine reaches a server on this address. No name is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_private(url: str) -> bool:
    """Returns True for https, and for http if it stays on this machine."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        return is_loopback(parts.hostname or "")
    return parts.scheme == "https" and bool(parts.hostname)


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if not is_private(value) or not is_plain or len(value) > ISSUER_MAX:
        raise ValueError("must be an https:// address; http:// is for this machine alone")
    return value


def _roles_by_name(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    pairs = [each.rpartition("=") for each in _comma_separated(value)]
    roles = {name.strip(): role.strip().lower() for name, _, role in pairs}
    if len(roles) < len(pairs) or "" in roles or not {*roles.values()} <= {*Role}:
        known = ", ".join(Role)
        raise ValueError(f"each must be a different name, = and a role, which is one of {known}")
    return {name: Role(role) for name, role in roles.items()}


def _folded_names(roles: dict[str, Role]) -> dict[str, Role]:
    return {folded(name.removeprefix("@")): role for name, role in roles.items()}


def _address(value: str) -> str:
    if not is_address(value):
        raise ValueError("must be an e-mail address")
    return composed(value)


Csv = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
HostNames = Annotated[Csv, AfterValidator(_host_names)]
Roles = Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_roles)]
Origins = Annotated[Csv, AfterValidator(_origins)]
Origin = Annotated[str, AfterValidator(_origin)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Issuer = Annotated[str, AfterValidator(_issuer)]
RolesByName = Annotated[dict[str, Role], NoDecode, BeforeValidator(_roles_by_name)]
RolesByDomain = Annotated[RolesByName, AfterValidator(_folded_names)]
Address = Annotated[str, AfterValidator(_address)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_known_database)]
RedisUrl = Annotated[SecretStr, AfterValidator(_known_redis)]
