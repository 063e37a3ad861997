"""A route whose query is parsed by its model at once.

FastAPI documents the query. For each request it would look at the annotation of each field again,
which takes a list with many filters as long as its service does.
"""

from collections.abc import Callable, Coroutine
from typing import Any, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams

from ticket_app.schemas.inputs import Input, parse


class QueryRoute(APIRoute):
    """A route of an endpoint that takes a query (an Input) and the request, and answers itself."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
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


def _values(said: QueryParams, lists: frozenset[str]) -> dict[str, Any]:
    """Return the values by name: all of a list, and the last of any other name."""
    return {name: said.getlist(name) if name in lists else said[name] for name in said}
