"""Runs Schemathesis with all its checks against an application or a running desk."""

from typing import Any

import schemathesis
from jsonschema_rs import Draft202012Validator
from schemathesis.config import HealthCheck, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.engine import events, from_schema

from ticket_app.services.conversation.attachments.sending import NOT_WAITING
from ticket_app.texts import has_visible_character

TICKET = "/api/tickets/{ticket_id}/"
RESTORE = "/api/tickets/{ticket_id}/restore/"


def find_failures(where: Any, *, examples: int, thorough: bool) -> tuple[int, dict[str, str]]:
    """Returns the number of requests, and the failures: each message with the code that repeats it.

    `where` is an ASGI application or the URL of a running desk. At most `examples` requests are
    generated for each operation, the same in each run. `thorough` adds the boundary values of each
    schema, and sequences of operations.
    """
    project = ProjectConfig(continue_on_failure=True)
    project.generation.update(max_examples=examples, database="none")
    project.checks.update(included_check_names=["all"])
    project.phases.coverage.enabled = project.phases.stateful.enabled = thorough
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))
    config.suppress_health_check = [HealthCheck.too_slow]  # a busy machine is no fault
    if isinstance(where, str):
        schema = schemathesis.openapi.from_url(f"{where}/api/openapi.json", config=config)
    else:
        schema = schemathesis.openapi.from_asgi("/api/openapi.json", where, config=config)
    _register_rules_beyond_openapi(schema)
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


def _register_rules_beyond_openapi(schema: Any) -> None:
    """Register the desk's rules that OpenAPI cannot express."""
    deleted = set[str]()

    @schema.hook  # type: ignore[untyped-decorator]
    def after_call(context: Any, case: Any, response: Any) -> None:
        of_ticket = case.operation.path == TICKET
        if of_ticket and case.method == "DELETE" and response.status_code == 204:
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
            return not (
                _is_refused_for_others(response)
                or _is_blank(body, response)
                or _is_no_agent(body, response)
                or _is_of_another_sort(case, response)
                or _has_nothing_to_send(response)
                or _begins_after_nobody(case, response)
            )
        case "AcceptedNegativeData":
            return not ("Invalid component: in body" in failure.message and _is_hint(case, body))
        case "EnsureResourceAvailability":
            # A replayed request gets the first answer, even if the ticket has been deleted since.
            return _ticket_of(case) not in deleted
        case "UseAfterFree":
            return _ticket_of(case) in deleted
    return True


def _ticket_of(case: Any) -> str:
    return str(case.path_parameters["ticket_id"])


def _is_hint(case: Any, body: dict[str, Any]) -> bool:
    """Returns True if only the `format` of a blank address is wrong, which the desk reads as none.

    JSON Schema treats `format` as a hint; every other rule of the body must hold.
    """
    address = body.get("requester_email")
    if not isinstance(address, str) or has_visible_character(address):
        return False
    raw = case.operation.definition.raw["requestBody"]["content"]["application/json"]["schema"]
    rules = raw | {"components": case.operation.schema.raw_schema["components"]}
    others = body | {"requester_email": None}
    return bool(Draft202012Validator(rules).is_valid(others))


def _is_refused_for_others(response: Any) -> bool:
    """Returns True if the request reuses an idempotency key with other values, or names a tag that
    the ticket does not have."""
    return response.json()["code"] in ("idempotency_key_reused", "precondition_failed")


def _is_no_agent(body: dict[str, Any], response: Any) -> bool:
    """Returns True if the only fault is that no agent of the desk has this number."""
    faults = [each["field"] for each in response.json().get("errors", ())]
    return faults in (["assignee_id"], ["hand_to"], ["person"]) and bool(body.get(faults[0]))


def _begins_after_nobody(case: Any, response: Any) -> bool:
    """Returns True if the only fault is that a search does not find the person named by `after`."""
    faults = {each["field"] for each in response.json().get("errors", ())}
    return faults == {"after"} and bool((case.query or {}).get("search"))


def _has_nothing_to_send(response: Any) -> bool:
    """Returns True if the only fault is that no such file waits to be sent."""
    faults = {each["message"] for each in response.json().get("errors", ())}
    return faults == {NOT_WAITING}


def _is_of_another_sort(case: Any, response: Any) -> bool:
    """Returns True if only the cursor is refused, and it is not of the sort of the list."""
    asked = {"sort": "newest"} | (case.query or {})
    of, *rest = str(asked.get("cursor", "")).split(".")
    refused = {each["field"] for each in response.json().get("errors", ())}
    return refused == {"cursor"} and asked["sort"] != (of if len(rest) == 2 else "newest")


def _is_blank(body: dict[str, Any], response: Any) -> bool:
    """Returns True if exactly the blank texts are refused.

    The patterns omit invisible characters beyond the first Unicode plane: see texts.py.
    """
    blank = {
        name for name in ("title", "description") if not has_visible_character(body.get(name, "A"))
    }
    return {each["field"] for each in response.json().get("errors", ())} == blank != set()
