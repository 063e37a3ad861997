"""Clients generated from the OpenAPI document change one field and leave the others alone."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import leave_out
from tests.serving import running_desk
from ticket_app.api.app import make_api

pytestmark = [pytest.mark.prove, pytest.mark.usefixtures("sqlite_database")]

PROGRAMS = Path(sys.executable).parent
HOW_TO_BRING_IT = "pip install -r requirements-prove.txt"
NPM_PACKAGES = ("openapi-typescript@7.13.0", "typescript@5.9.3")
FILED = {
    "title": "Charged twice", "description": "Twice on one day.", "category": "billing",
    "priority": "critical", "status": "in_progress", "requester_name": "Ana",
    "requester_email": "ana@example.com",
}  # fmt: skip

OPENAPI_PYTHON_CLIENT = """
from client import Client
from client.api.tickets import (
    get_ticket_api_tickets_ticket_id_get as get,
    list_tickets_api_tickets_get as list_tickets,
    open_ticket_api_tickets_post as file,
    update_ticket_api_tickets_ticket_id_patch as change,
)
from client.models import TicketCreate, TicketUpdate

client = Client(base_url=url, raise_on_unexpected_status=True)
ticket = file.sync(client=client, body=TicketCreate.from_dict(filed))
update = TicketUpdate.from_dict({"requester_email": "bea@example.com"})
change.sync(ticket.id, client=client, body=update)
found = list_tickets.sync(client=client, search="charged")
assert [one.id for one in found] == [ticket.id]
answer = get.sync(ticket.id, client=client).to_dict()
missing = get.sync(2**63 - 1, client=client)
assert missing.code == "ticket_not_found", missing
"""
OPENAPI_GENERATOR = """
from openapi_client import ApiClient, Configuration, TicketCreate, TicketUpdate, TicketsApi
from openapi_client.exceptions import NotFoundException

api = TicketsApi(ApiClient(Configuration(host=url)))
ticket = api.open_ticket_api_tickets_post(TicketCreate(**filed))
update = TicketUpdate(requester_email="bea@example.com")
api.update_ticket_api_tickets_ticket_id_patch(ticket.id, update)
found = api.list_tickets_api_tickets_get(search="charged")
assert [one.id for one in found] == [ticket.id]
answer = json.loads(api.get_ticket_api_tickets_ticket_id_get(ticket.id).to_json())
try:
    api.get_ticket_api_tickets_ticket_id_get(2**63 - 1)
except NotFoundException as missing:
    assert json.loads(missing.body)["code"] == "ticket_not_found"
else:
    raise AssertionError
"""
BEGIN = "import json, sys\nurl, filed = sys.argv[1], json.loads(sys.argv[2])\n"
END = "\nprint(json.dumps(answer))"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The path of the OpenAPI document."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(make_api().openapi()), encoding="utf-8")
    return path


def run(*command: str | Path, cwd: Path) -> str:
    """Returns a program's output; a failure shows everything that it printed."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=os.environ | {"PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def generate(program: str, *arguments: str | Path, cwd: Path) -> None:
    """Run a generator that is installed in this environment."""
    if not (PROGRAMS / program).exists():
        leave_out(program, HOW_TO_BRING_IT)
    run(PROGRAMS / program, *arguments, cwd=cwd)


def openapi_generator(language: str, document: Path, to: Path) -> None:
    """Run OpenAPI Generator, with the Java that comes as a package."""
    generate(
        "openapi-generator-cli", "generate", "-i", document, "-g", language, "-o", to,
        "--global-property", "modelDocs=false,apiDocs=false,modelTests=false,apiTests=false",
        cwd=document.parent,
    )  # fmt: skip


@pytest.mark.parametrize("generator", ["openapi-python-client", "openapi-generator"])
def test_a_client_in_python_changes_one_field_and_leaves_the_others(
    document: Path, tmp_path: Path, generator: str
) -> None:
    if generator == "openapi-generator":
        openapi_generator("python", document, tmp_path)
        script = OPENAPI_GENERATOR
    else:
        generate(
            generator, "generate", "--path", document, "--output-path", tmp_path / "client",
            "--meta", "none", cwd=tmp_path,
        )  # fmt: skip
        script = OPENAPI_PYTHON_CLIENT
    with running_desk(tmp_path) as desk:
        use = f"{BEGIN}{script}{END}"
        answer = json.loads(
            run(sys.executable, "-c", use, desk.url, json.dumps(FILED), cwd=tmp_path)
        )
    assert {name: answer[name] for name in FILED} == FILED | {"requester_email": "bea@example.com"}
    assert answer["version"] == 2


def test_the_types_in_typescript_hold_and_leave_every_field_of_a_change_out(
    document: Path, tmp_path: Path
) -> None:
    run("npm", "install", "--no-audit", "--no-fund", *NPM_PACKAGES, cwd=tmp_path)
    run("npx", "openapi-typescript", document, "--output", "desk.ts", cwd=tmp_path)
    run("npx", "tsc", "--noEmit", "--strict", "--skipLibCheck", "desk.ts", cwd=tmp_path)
    types = (tmp_path / "desk.ts").read_text(encoding="utf-8")
    change = re.search(r"TicketUpdate: \{(.*?)\n        \};", types, re.DOTALL)
    assert change
    fields = re.findall(r"^ +(\w+\??):", change[1], re.MULTILINE)
    assert set(fields) == {f"{name}?" for name in FILED}


def test_a_client_in_go_sets_no_field_by_itself(document: Path, tmp_path: Path) -> None:
    openapi_generator("go", document, tmp_path)
    assert not re.search(r"this\.\w+ = &", (tmp_path / "model_ticket_update.go").read_text())
    assert "Id int64" in (tmp_path / "model_ticket_public.go").read_text()


def test_a_client_in_java_sets_no_field_by_itself(document: Path, tmp_path: Path) -> None:
    openapi_generator("java", document, tmp_path)
    models = tmp_path / "src/main/java/org/openapitools/client/model"
    assert not re.search(r"private \w+ \w+ = ", (models / "TicketUpdate.java").read_text())
    assert "private Long id;" in (models / "TicketPublic.java").read_text()
