"""A server that sends megabytes to every websocket after its first message.

It runs the desk's own websocket connections on the desk's own server.
"""

import asyncio
import os

from starlette.types import Receive, Scope, Send

from ticket_app.api.limits import websocket_connection, websockets
from ticket_app.api.limits.websockets import Websockets

MESSAGES, MESSAGE = 400, "x" * 64_000
UNBOUNDED = "UNBOUNDED"
"""If this variable is set, unread messages are unbounded."""


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    """Send every message without waiting until the client has read it."""
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


if UNBOUNDED in os.environ:
    websocket_connection.UNREAD_MAX = websockets.UNREAD_MAX_OF_ALL = 2**60

websockets_of_desk = Websockets(flood, port=int(os.environ.get("PORT", "0")), trusted=())


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Routes websockets through the desk's connections."""
    await (websockets_of_desk if scope["type"] == "websocket" else flood)(scope, receive, send)
