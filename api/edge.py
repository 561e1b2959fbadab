"""What is done with every request and every answer, around all routes.

- No more than `MOST` requests are in hand; the next is told 503 with Retry-After.
- Every answer says that it is not to be kept or guessed at (`Cache-Control`, `X-Content-Type-Options`).
- An answer to a request whose body was not read to its end closes the connection: what is still on its way is
  neither read nor taken for the next request.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import problem_response
from .errors import Overloaded

__all__ = ["Edge"]

MOST: Final = 256
"""Requests in hand at a time."""


class Edge:
    """Middleware of ASGI around `app`."""

    def __init__(self, app: ASGIApp, *, most: int = MOST) -> None:
        self._app = app
        self._most = most
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        if self._in_hand >= self._most:
            answer = problem_response(Overloaded(f"{self._in_hand} requests are in hand"))
            await answer(scope, exchange.receive, exchange.send)
            return
        self._in_hand += 1
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            self._in_hand -= 1


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        headers = Headers(scope=scope)
        self._unread = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            fields: list[Any] = message.setdefault("headers", [])
            headers = MutableHeaders(raw=fields)
            headers.setdefault("cache-control", "no-store")
            headers["x-content-type-options"] = "nosniff"
            if self._unread:
                headers["connection"] = "close"
        await self._send(message)
