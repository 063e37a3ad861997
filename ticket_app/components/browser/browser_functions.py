"""JavaScript functions for the browser, each written as one expression in Python."""

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex.vars import ObjectVar
from reflex_base.vars.function import ArgsFunctionOperation, FunctionVar

Object = ObjectVar[dict[str, Any]]


def function_of(names: Sequence[str], result: Any) -> rx.Var[Any]:
    """Returns a function with these parameters. If `result` is a list, each item is evaluated."""
    function: rx.Var[Any] = ArgsFunctionOperation.create(
        args_names=tuple(names), return_expr=rx.Var.create(result)
    )
    return function


def call(function: rx.Var[Any], *values: Any) -> rx.Var[Any]:
    """Returns the result of the function for these values."""
    result: rx.Var[Any] = function.to(FunctionVar).call(*values)
    return result


def as_object(value: rx.Var[Any]) -> Object:
    """Returns the value typed as an object with named parts."""
    found: Object = value.to(ObjectVar, dict[str, Any])
    return found
