"""Functions that the browser runs, each written as one expression in Python."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex.vars import ObjectVar
from reflex_base.vars.function import ArgsFunctionOperation, FunctionVar

Object = ObjectVar[dict[str, Any]]


def function_of(names: Sequence[str], result: Any) -> rx.Var[Any]:
    """A function with these parameters. Where `result` is a list, each of it is worked out."""
    function: rx.Var[Any] = ArgsFunctionOperation.create(
        args_names=tuple(names), return_expr=rx.Var.create(result)
    )
    return function


def call(function: rx.Var[Any], *values: Any) -> rx.Var[Any]:
    """What the function gives for these values."""
    result: rx.Var[Any] = function.to(FunctionVar).call(*values)
    return result


def as_object(value: rx.Var[Any]) -> Object:
    """The value as one that has parts."""
    found: Object = value.to(ObjectVar, dict[str, Any])
    return found
