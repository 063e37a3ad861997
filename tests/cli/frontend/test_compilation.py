"""The compiled page connects to the server that it came from."""

import subprocess
import sys
from pathlib import Path

import pytest

from ticket_app.cli.frontend.build_error import BuildFailedError
from ticket_app.cli.frontend.compilation import use_own_origin
from ticket_app.settings import ROOT


@pytest.mark.parametrize("quote", ["`", '"', "'"])
def test_the_address_in_the_page_becomes_its_own_origin(tmp_path: Path, quote: str) -> None:
    script = tmp_path / "assets" / "env.js"
    script.parent.mkdir()
    script.write_text(
        f"var e={{A:{quote}ws://page-origin.invalid/_event{quote},"
        f"B:{quote}http://page-origin.invalid/ping{quote}}}"
    )
    use_own_origin(tmp_path)
    assert script.read_text() == 'var e={A:location.origin+"/_event",B:location.origin+"/ping"}'


def test_stale_compressed_copies_go(tmp_path: Path) -> None:
    (tmp_path / "env.js").write_text('"http://page-origin.invalid/ping"')
    for name in ("env.js.gz", "env.js.br", "other.js.gz"):
        (tmp_path / name).touch()
    use_own_origin(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"env.js", "other.js.gz"}


@pytest.mark.parametrize(
    "script", ["nothing()", 'f("http://page-origin.invalid/a?b" + c)', "`page-origin.invalid`"]
)
def test_an_address_in_another_shape_fails_the_build(tmp_path: Path, script: str) -> None:
    (tmp_path / "env.js").write_text(script)
    with pytest.raises(BuildFailedError):
        use_own_origin(tmp_path)


def test_the_pages_need_nothing_that_reflex_will_drop() -> None:
    """The pages are made in a process of their own, because Reflex warns only once a process."""
    make = "; ".join(
        f"from ticket_app.pages.{page} import {page}; {page}()"
        for page in ("board", "desk", "insights", "missing")
    )
    made = subprocess.run(
        [sys.executable, "-c", make], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert made.stdout + made.stderr == ""
