"""The base class of all input, whole numbers in a URL, and a sentence for each validation error."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from ticket_app.errors import FieldProblem, InvalidInputError

_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})")


def _whole_number(value: Any) -> Any:
    """Parses a text as an integer in JSON's one spelling; 1_0, +1 and 01 are refused."""
    if not isinstance(value, str):
        return value
    if not _WHOLE_NUMBER.fullmatch(value):
        raise PydanticCustomError(
            "whole_number", "Write a whole number of at most 19 digits, such as 50."
        )
    return int(value)


WHOLE_NUMBER = BeforeValidator(_whole_number)
WholeNumber = Annotated[int, WHOLE_NUMBER]
"""An integer in a URL. pydantic alone would also accept 1_0, +1, fullwidth digits and 1.0."""


def _integral(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


INTEGRAL = BeforeValidator(_integral)
"""Beside a strict integer: in JSON 5.0 is one, and "5" is not."""


def _truth(value: Any) -> Any:
    """Parses JSON's words for truth; 1, yes and on are refused."""
    if not isinstance(value, str):
        return value
    if value not in ("true", "false"):
        raise PydanticCustomError("truth", "Write true or false.")
    return value == "true"


Truth = Annotated[bool, BeforeValidator(_truth)]
"""A truth value in a URL."""


def without_defaults(schema: dict[str, Any]) -> None:
    """Removes the defaults from the schema of a change, where they mean "not given". Generated
    clients would send published ones."""
    for each in schema["properties"].values():
        each.pop("default", None)


class Input(BaseModel):
    """Base of all input from a person or a program. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Returns `values` as a `model`. Raises InvalidInputError, a sentence for each wrong field."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise InvalidInputError(field_problems(error.errors(include_input=False))) from None


def field_problems(errors: Sequence[Any]) -> list[FieldProblem]:
    """Returns pydantic's errors as field and message, without the input, which may be a secret."""
    return [
        FieldProblem(".".join(str(part) for part in error["loc"]) or "input", _message(error))
        for error in errors
    ]


def _message(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing":
            return "This is required."
        case "extra_forbidden":
            return "This name is unknown; remove it or check its spelling."
        case "enum":
            return f"Use one of {error['ctx']['expected']}."
        case _:
            return str(error["msg"])
