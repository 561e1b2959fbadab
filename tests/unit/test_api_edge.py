"""Around every request: no more than so many in hand, and a connection whose body was left unread is closed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.responses import PlainTextResponse

from api.edge import Edge

GET: dict[str, Any] = {"type": "http", "method": "GET", "headers": []}
POST: dict[str, Any] = {"type": "http", "method": "POST", "headers": [(b"content-length", b"4")]}
CHUNKED: dict[str, Any] = {"type": "http", "method": "POST", "headers": [(b"transfer-encoding", b"chunked")]}


async def ask(edge: Edge, scope: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": b"bo", "more_body": True}, {"type": "http.request", "body": b"dy"}]

    async def receive():
        return parts.pop(0)

    async def send(message):
        sent.append(message)

    await edge(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sent[1]["body"]


async def answers_at_once(scope, receive, send):
    await PlainTextResponse("x")(scope, receive, send)


async def reads_half(scope, receive, send):
    await receive()
    await answers_at_once(scope, receive, send)


async def reads_all(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await answers_at_once(scope, receive, send)


def test_a_body_that_was_left_unread_closes_the_connection():
    for app, scope, closes in [
        (answers_at_once, GET, False),
        (answers_at_once, POST, True),
        (answers_at_once, CHUNKED, True),
        (reads_half, POST, True),
        (reads_all, POST, False),
        (reads_all, CHUNKED, False),
    ]:
        _, headers, _ = asyncio.run(ask(Edge(app), scope))
        assert (headers.get("connection") == "close") is closes


def test_every_answer_is_not_to_be_kept_or_guessed_at():
    _, headers, _ = asyncio.run(ask(Edge(answers_at_once), GET))
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_one_request_too_many_is_told_to_come_again():
    async def scene():
        go_on = asyncio.Event()

        async def waits(scope, receive, send):
            await go_on.wait()
            await answers_at_once(scope, receive, send)

        edge = Edge(waits, most=2)
        waiting = [asyncio.create_task(ask(edge, GET)) for _ in range(2)]
        await asyncio.sleep(0)  # let them begin
        refused = await ask(edge, GET)
        go_on.set()
        served = [await one for one in waiting]
        return refused, served, await ask(edge, GET)

    (status, headers, body), served, after = asyncio.run(scene())
    assert (status, headers["retry-after"], json.loads(body)["code"]) == (503, "1", "api.overloaded")
    assert [one[0] for one in served] == [200, 200]
    assert after[0] == 200
