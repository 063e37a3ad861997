"""Every setting is documented, and the documentation agrees with the code."""

import re
from itertools import pairwise
from pathlib import Path

from ticket_app.settings import ROOT, Settings

EXAMPLE = ROOT / ".env.example"
SETTING = re.compile(r"([A-Z_]+)=")
NAMES = {name.upper() for name in Settings.model_fields}
FOR_SEVERAL = {"REDIS_URL", "WORKERS"}


def documented_names() -> list[str]:
    return re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_setting_is_in_the_example_once() -> None:
    assert sorted(documented_names()) == sorted(NAMES)


def test_the_example_as_it_stands_changes_nothing() -> None:
    settings = Settings(_env_file=EXAMPLE)
    assert settings == Settings()


def test_every_group_of_settings_has_a_word_about_it_above_it() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    above_settings = [before for before, line in pairwise(lines) if SETTING.match(line)]
    assert [line for line in above_settings if not line.startswith("#") and "=" not in line] == []


def test_compose_hands_on_every_setting_that_means_something_in_a_container() -> None:
    the_images_own = {"HOST", "PORT", "DATA_DIR", "DEV_PORT", "ATTACHMENTS_DIR"}
    # Compose provides database and Redis. Addresses for another machine must not replace them.
    assert _environment_of("desk") == NAMES - the_images_own - {"DATABASE_URL"} - FOR_SEVERAL
    # Caddy's addresses; only the desk of this machine may be open without being told.
    assert _environment_of("replica") == FOR_SEVERAL | {"TRUSTED_PROXIES", "ALLOW_OPEN"}
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert "    environment: &settings\n" in compose and "      <<: *settings\n" in compose
    assert "${REDIS_URL" not in compose
    assert compose.count('      ALLOW_OPEN: "true"\n') == 1
    assert "      ALLOW_OPEN: ${ALLOW_OPEN:-}\n" in compose.partition("\n  replica:\n")[2]
    assert '      - "127.0.0.1:${PORT:-8000}:8000"\n' in compose.partition("\n  replica:\n")[0]


def _environment_of(service: str) -> set[str]:
    """Returns the variables that compose names for a service."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    block = re.split(r"\n  \w+:\n", compose.partition(f"\n  {service}:\n")[2])[0]
    return set(re.findall(r"^      ([A-Z_]+): ", block, re.MULTILINE))


def test_no_secret_stands_in_a_file() -> None:
    for path in (EXAMPLE, ROOT / "docker-compose.yml", ROOT / "Dockerfile"):
        assert not _keys_with_values(path), path


def _keys_with_values(path: Path) -> list[str]:
    return re.findall(
        r"^ *[A-Z]+_API_KEY *[=:](?! *\$\{) *\S+", path.read_text(encoding="utf-8"), re.MULTILINE
    )
