"""What the routes share: the node, the gate, room for bodies, and threads in which the ledger is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import anyio.to_thread
from starlette.requests import Request

from .bodies import Uploads
from .caller import Caller, Gate
from .errors import SignatureIncomplete
from .message_signature import Message
from .node import Node
from .verifications import Verifications

__all__ = ["MAX_TRANSACTION", "Service", "service_of"]

_T = TypeVar("_T")

READERS: Final = 4
"""Threads that read the ledger at a time, each with its own connection to the database."""
MAX_TRANSACTION: Final = 65_536
"""Largest body with a transaction: 32,768 bytes in base64, and what stands around it."""
UPLOADS: Final = 128 * 2**20
"""What uploaded bundles may take of the memory together, in bytes."""


class Service:
    """One node, served. Made before the event loop runs, used in it. `clock` gives Unix milliseconds."""

    def __init__(self, node: Node, clock: Callable[[], int]) -> None:
        self.node = node
        self.clock = clock
        self.gate = Gate(node.reader, clock)
        self.transactions = Uploads(64 * MAX_TRANSACTION)
        self.bundles = Uploads(UPLOADS)
        self.verifications = Verifications()
        self._readers = anyio.CapacityLimiter(READERS)

    async def reading(self, function: Callable[..., _T], *args: object) -> _T:
        """Run a function that reads the ledger, in a thread."""
        return await anyio.to_thread.run_sync(partial(function, *args), limiter=self._readers)

    async def caller(self, request: Request, *, with_body: bool = False) -> Caller:
        """The member that makes the request. Raises a `NotAuthenticated` or `NotPermitted`."""
        message = _message(request)
        return await self.reading(partial(self.gate.admit, message, with_body=with_body))


def service_of(request: Request) -> Service:
    """The service of the app that got the request."""
    service: Service = request.app.state.service
    return service


def _message(request: Request) -> Message:
    """The request as it was signed: its URL as the caller wrote it, byte for byte."""
    scope = request.scope
    host = request.headers.get("host", "")
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    try:
        url = f"{scope['scheme']}://{host}{target.decode('ascii')}"
    except UnicodeDecodeError:
        raise SignatureIncomplete("the URL has bytes that no URL has") from None
    return Message(request.method, url, request.headers)
