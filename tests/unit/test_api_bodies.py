"""Bodies are bounded while they come: in size, in time, and all together."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request

from api.bodies import Uploads, body_of, check_query, json_object, media_type
from api.errors import BadRequest, BodyTooLarge, BodyTooSlow, Overloaded, UnknownField, WrongMediaType

LIMIT = 10


class Sender:
    """Sends a body in parts, and then nothing more, or the end, or hangs up; counts what was taken."""

    def __init__(self, *parts: bytes, then: str = "end") -> None:
        self.left = list(parts)
        self.then = then
        self.taken = 0

    async def receive(self):
        if self.left:
            self.taken += 1
            return {"type": "http.request", "body": self.left.pop(0), "more_body": True}
        if self.then == "hangs up":
            return {"type": "http.disconnect"}
        if self.then == "nothing":
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    def request(self, query: bytes = b"", **headers: str) -> Request:
        fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": query, "headers": fields}
        return Request(scope, self.receive)


def read(request: Request, uploads: Uploads | None = None, patience: float = 30) -> bytes:
    async def whole() -> bytes:
        async with body_of(request, LIMIT, uploads or Uploads(100), patience=patience) as body:
            return body

    return asyncio.run(whole())


def test_a_body_is_put_together():
    assert read(Sender(b"01234", b"", b"56789").request(content_length="10")) == b"0123456789"
    assert read(Sender().request()) == b""


@pytest.mark.parametrize("announced", ["11", "999999999999999999", "9" * 1000, "-1", "1e1", "٣", ""])
def test_a_body_that_is_announced_as_too_large_is_not_read(announced):
    sender = Sender(b"0")
    request = sender.request()
    request.scope["headers"].append((b"content-length", announced.encode()))
    with pytest.raises(BodyTooLarge):
        read(request)
    assert sender.taken == 0


def test_reading_stops_at_the_byte_that_is_too_many():
    sender = Sender(b"0123456789", b"0", b"1", b"2")
    with pytest.raises(BodyTooLarge):
        read(sender.request(transfer_encoding="chunked"))
    assert sender.taken == 2


def test_a_body_that_does_not_come_is_given_up():
    with pytest.raises(BodyTooSlow, match=r"within 0\.01 s"):
        read(Sender(b"0", then="nothing").request(content_length="10"), patience=0.01)


def test_a_body_that_breaks_off_is_refused():
    with pytest.raises(BadRequest, match="ended early"):
        read(Sender(b"0", then="hangs up").request(content_length="10"))


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_nothing_is_unpacked(encoding):
    with pytest.raises(WrongMediaType):
        read(Sender(b"0").request(content_encoding=encoding))


def test_all_bodies_together_have_so_much_room():
    uploads = Uploads(15)

    async def both() -> None:
        async with body_of(Sender(b"0123456789").request(), LIMIT, uploads):
            with pytest.raises(Overloaded):
                async with body_of(Sender(b"01234", b"5").request(), LIMIT, uploads):
                    pass
            async with body_of(Sender(b"01234").request(), LIMIT, uploads) as body:
                assert body == b"01234"

    asyncio.run(both())
    assert uploads._left == 15


@pytest.mark.parametrize("sender", [Sender(b"0" * 11), Sender(b"0", then="hangs up"), Sender(b"0", then="nothing")])
def test_the_room_of_a_body_that_fails_is_given_back(sender):
    uploads = Uploads(15)
    with pytest.raises((BodyTooLarge, BadRequest, BodyTooSlow)):
        read(sender.request(), uploads, patience=0.01)
    assert uploads._left == 15


def test_the_media_type_is_read_without_its_parameters():
    assert media_type(Sender().request(content_type="Application/JSON ; charset=utf-8")) == "application/json"
    assert media_type(Sender().request()) == ""


def test_members_that_are_not_known_are_refused():
    assert json_object(b'{"a": 1}', 100, frozenset("ab")) == {"a": 1}
    with pytest.raises(UnknownField, match="'c' is not known here; what is: a, b"):
        json_object(b'{"a": 1, "c": 2}', 100, frozenset("ab"))
    with pytest.raises(BadRequest):
        json_object(b"[]", 100, frozenset())


def test_parameters_of_the_query():
    request = Sender().request(b"a=1&b=%20")
    assert check_query(request, "a", "b") == {"a": "1", "b": " "}
    with pytest.raises(UnknownField):
        check_query(request, "a")
    with pytest.raises(BadRequest):
        check_query(Sender().request(b"a=1&a=2"), "a")
