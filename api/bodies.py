"""Reading the body of a request: bounded while it comes, before anything parses it.

A body that is too large is refused at its Content-Length, or at the byte that is too many; one that comes too
slowly at its deadline. `Uploads` bounds what all large bodies together hold in memory. Nothing is unpacked: a
Content-Encoding is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from ledger.strict_json import parse

from .errors import BadRequest, BodyTooLarge, BodyTooSlow, Overloaded, UnknownField, WrongMediaType

__all__ = ["PATIENCE", "Uploads", "body_of", "check_names", "check_query", "json_object", "media_type"]

PATIENCE: Final = 30.0
"""Seconds in which a body must have come."""


class Uploads:
    """Room in memory for the bodies that are being read, in bytes. Used from one event loop."""

    def __init__(self, room: int) -> None:
        self._left = room

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """A function that takes some of the room, or raises `Overloaded`; all is given back at the end."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if size > self._left:
                raise Overloaded("too many large bodies are being read")
            self._left -= size
            taken += size

        try:
            yield take
        finally:
            self._left += taken


@asynccontextmanager
async def body_of(
    request: Request, limit: int, uploads: Uploads, *, patience: float = PATIENCE
) -> AsyncIterator[bytes]:
    """The body, at most `limit` bytes. Raises `BodyTooLarge`, `BodyTooSlow`, `WrongMediaType` or `Overloaded`."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise WrongMediaType(f"a body with the Content-Encoding {encoding}", value=encoding)
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > 18 or int(announced) > limit:
        raise BodyTooLarge(f"the body has {announced} bytes, this call takes {limit:,}", value=announced)
    with uploads.share() as take:
        try:
            async with asyncio.timeout(patience):
                body = await _read(request, limit, take)
        except TimeoutError:
            raise BodyTooSlow(f"the body did not come within {patience:g} s") from None
        except ClientDisconnect:
            raise BadRequest("the body ended early") from None
        yield body


async def _read(request: Request, limit: int, take: Callable[[int], None]) -> bytes:
    body = bytearray()
    async for part in request.stream():
        if len(body) + len(part) > limit:
            raise BodyTooLarge(f"the body has more than {limit:,} bytes")
        take(len(part))
        body += part
    return bytes(body)


def media_type(request: Request) -> str:
    """The Content-Type without its parameters, in lower case; "" if there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def json_object(data: bytes, limit: int, known: frozenset[str]) -> dict[str, Any]:
    """A JSON object with members of these names alone. Raises errors of `ledger.strict_json` or of this package."""
    value = parse(data, limit=limit)
    if not isinstance(value, dict):
        raise BadRequest("the body is not a JSON object")
    check_names(value, known)
    return value


def check_query(request: Request, *known: str) -> dict[str, str]:
    """The parameters of the query, each once. Raises `UnknownField` or `BadRequest`."""
    given = request.query_params.multi_items()
    check_names(dict(given), frozenset(known))
    if len(dict(given)) != len(given):
        raise BadRequest("a parameter of the query stands there twice", value=request.url.query)
    return dict(given)


def check_names(given: dict[str, Any], known: frozenset[str]) -> None:
    """Raises `UnknownField` for a name that is not known."""
    for name in given:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise UnknownField(f"{name!r} is not known here; what is: {listed}", value=name)
