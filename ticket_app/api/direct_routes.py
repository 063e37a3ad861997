"""Routes whose query or body is parsed by its model at once.

FastAPI documents the input. For each request it would look at the annotation of each field of a
query again, and a body would pass its solver of dependencies: each takes as long as the service
does.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.datastructures import QueryParams

from ticket_app.schemas.inputs import Input, parse

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class QueryRoute(APIRoute):
    """A route of an endpoint that takes a query (an Input) and the request, and answers itself."""

    def get_route_handler(self) -> Handler:
        """Return the handler. InvalidInputError for a query with wrong values."""
        endpoint = self.endpoint
        model: type[Input] = get_type_hints(endpoint)["query"]
        fields = model.model_fields.items()
        lists = frozenset(name for name, each in fields if get_origin(each.annotation) is list)

        async def handle(request: Request) -> Response:
            query = parse(model, _values(request.query_params, lists))
            response: Response = await endpoint(query, request)
            return response

        return handle


class BodyRoute(APIRoute):
    """A route of an endpoint that takes a body (an Input), the request and parts of the path, and
    answers itself.

    A request that does not fit goes through FastAPI, which says what is wrong with it.
    """

    def get_route_handler(self) -> Handler:
        """Return the handler."""
        endpoint = self.endpoint
        through_fastapi: Handler = super().get_route_handler()
        hints = get_type_hints(endpoint, include_extras=True)
        (of_body,) = (name for name, hint in hints.items() if _is_input(hint))
        model: type[Input] = hints[of_body]
        of_path = {name: TypeAdapter(hints[name]) for name in self.param_convertors}

        async def handle(request: Request) -> Response:
            try:
                given = request.path_params
                values = {name: each.validate_python(given[name]) for name, each in of_path.items()}
                values[of_body] = model.model_validate(json.loads(await request.body()))
            except (ValueError, RecursionError):  # pydantic's errors and those of JSON are both
                return await through_fastapi(request)
            response: Response = await endpoint(request=request, **values)
            return response

        return handle


def _is_input(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Input)


def _values(said: QueryParams, lists: frozenset[str]) -> dict[str, Any]:
    """Return the values by name: all of a list, and the last of any other name."""
    return {name: said.getlist(name) if name in lists else said[name] for name in said}
