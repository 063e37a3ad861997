"""Schemathesis with all its checks, on an application or an address."""

from typing import Any

import schemathesis
from jsonschema_rs import Draft202012Validator
from schemathesis.config import ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.engine import events, from_schema

from ticket_app.texts import shows_something

RESTORE = "/api/tickets/{ticket_id}/restore/"


def findings(where: Any, *, examples: int, thorough: bool) -> tuple[int, dict[str, str]]:
    """How many requests were made, and what the checks found: how to repeat each, by its sentence.

    `where` is an ASGI application or the address of a running desk. For each operation `examples`
    are made up at most, the same in each run; `thorough` adds each boundary of each schema, and
    runs of several operations.
    """
    project = ProjectConfig(continue_on_failure=True)
    project.generation.update(max_examples=examples, database="none")
    project.checks.update(included_check_names=["all"])
    project.phases.coverage.enabled = project.phases.stateful.enabled = thorough
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))
    if isinstance(where, str):
        schema = schemathesis.openapi.from_url(f"{where}/api/openapi.json", config=config)
    else:
        schema = schemathesis.openapi.from_asgi("/api/openapi.json", where, config=config)
    _know_rules_beyond(schema)
    requests, found = 0, dict[str, str]()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found[str(event)] = ""
        if isinstance(event, events.ScenarioFinished):
            for checks in event.recorder.checks.values():
                requests += 1
                for failed in (check.failure_info for check in checks if check.failure_info):
                    said = failed.failure
                    found[f"{event.recorder.label}: {said.title}: {said.message}"] = (
                        failed.code_sample
                    )
    return requests, found


def _know_rules_beyond(schema: Any) -> None:
    """Tell it the rules of the desk for which OpenAPI has no words."""
    deleted = set[str]()

    @schema.hook  # type: ignore[untyped-decorator]
    def after_call(context: Any, case: Any, response: Any) -> None:
        if case.method == "DELETE" and response.status_code == 204:
            deleted.add(_ticket_of(case))
        elif case.operation.path == RESTORE and response.status_code == 200:
            deleted.discard(_ticket_of(case))

    @schema.hook  # type: ignore[untyped-decorator]
    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        return _is_failure(failure, case, response, deleted)


def _is_failure(failure: Any, case: Any, response: Any, deleted: set[str]) -> bool:
    body = case.body if isinstance(case.body, dict) else {}
    match type(failure).__name__:
        case "RejectedPositiveData":
            return not (_is_another_request(response) or _is_blank(body, response))
        case "AcceptedNegativeData":
            return not ("Invalid component: in body" in failure.message and _is_hint(case, body))
        case "EnsureResourceAvailability":
            # A repeated request is answered as the first was, whatever became of the ticket.
            return _ticket_of(case) not in deleted
        case "UseAfterFree":
            return _ticket_of(case) in deleted
    return True


def _ticket_of(case: Any) -> str:
    return str(case.path_parameters["ticket_id"])


def _is_hint(case: Any, body: dict[str, Any]) -> bool:
    """All that is wrong is the format of a blank address, which is none.

    A format is a hint, says JSON Schema, and no rule; everything else in the body must hold.
    """
    address = body.get("requester_email")
    if not isinstance(address, str) or shows_something(address):
        return False
    raw = case.operation.definition.raw["requestBody"]["content"]["application/json"]["schema"]
    rules = raw | {"components": case.operation.schema.raw_schema["components"]}
    others = body | {"requester_email": None}
    return bool(Draft202012Validator(rules).is_valid(others))


def _is_another_request(response: Any) -> bool:
    """A key of an earlier request came with other values."""
    return bool(response.json()["code"] == "idempotency_key_reused")


def _is_blank(body: dict[str, Any], response: Any) -> bool:
    """The patterns leave out the invisible characters beyond the first plane: see texts.py."""
    blank = {name for name in ("title", "description") if not shows_something(body.get(name, "A"))}
    return {each["field"] for each in response.json().get("errors", ())} == blank != set()
