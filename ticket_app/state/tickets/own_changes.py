"""Versions of tickets that this page's own changes made, so that they do not conflict."""

from collections.abc import Mapping
from typing import Any

from ticket_app.errors import FieldProblem, InvalidInputError

Versions = dict[tuple[int, str], int]
"""By ticket and field: the version that the page's last change of it made. Up to that one, nobody
else has changed the field unseen."""
CHANGES_MAX = 100


def version_to_lock(
    versions: Mapping[tuple[int, str], int], ticket_id: int, field: str, version: Any
) -> int:
    """Returns the version for the optimistic lock of a field: the seen one, or that of this page's
    own last change. Raises InvalidInputError if `version` is no integer."""
    if isinstance(version, bool) or not isinstance(version, int):
        raise InvalidInputError([FieldProblem("version", "Use the version of a ticket.")])
    return max(version, versions.get((ticket_id, field), version))


def with_own_change(versions: Versions, ticket_id: int, field: str, now: int) -> Versions:
    """Returns the versions with a change that made the version `now`."""
    others = {key: known for key, known in versions.items() if key != (ticket_id, field)}
    return dict([*others.items()][1 - CHANGES_MAX :]) | {(ticket_id, field): now}
