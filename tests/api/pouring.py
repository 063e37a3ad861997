"""A server whose every websocket is sent megabytes as soon as it says something, as an application
does that is asked for much: the desk's own lines around it, under the desk's own server."""

import asyncio
import os

from starlette.types import Receive, Scope, Send

from ticket_app.api import line, websockets
from ticket_app.api.websockets import Websockets

MESSAGES, MESSAGE = 400, "x" * 64_000
WITHOUT_BOUND = "WITHOUT_BOUND"
"""Set in the environment, what is not read may grow."""


async def pour(scope: Scope, receive: Receive, send: Send) -> None:
    """Send everything without looking whether it is taken."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
        return
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    for number in range(MESSAGES):
        await send({"type": "websocket.send", "text": f"{number}{MESSAGE}"})
        await asyncio.sleep(0)
    await receive()


if WITHOUT_BOUND in os.environ:
    line.UNREAD_MAX = websockets.UNREAD_MAX_OF_ALL = 2**60

lines = Websockets(pour, port=int(os.environ.get("PORT", "0")), trusted=())


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Websockets pass the desk's lines."""
    await (lines if scope["type"] == "websocket" else pour)(scope, receive, send)
