"""The server by itself: addresses, and callers that misbehave, against a server in a thread of this process."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress

import pytest
from support.served import make_place

from api import server
from api.app import make_app
from api.server import AddressInUse, BadAddress, address_of, bind, is_loopback

PATIENCE = 30


class Running:
    """`run` in a thread, around an app of the test."""

    def __init__(self, app) -> None:
        self.listener = bind("127.0.0.1", 0)
        self.port = self.listener.getsockname()[1]
        self.ready, self.servers = threading.Event(), []
        self.thread = threading.Thread(target=self._run, args=(app,))

    def _run(self, app) -> None:
        server.run(app, self.listener, ready=self.ready.set)

    def __enter__(self):
        self.patch = pytest.MonkeyPatch()
        running = self

        class _Kept(server._Server):
            def __init__(self, *args: object) -> None:
                super().__init__(*args)
                running.servers.append(self)

        self.patch.setattr(server, "_Server", _Kept)
        self.thread.start()
        assert self.ready.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.servers[0].should_exit = True
        self.thread.join(PATIENCE)
        self.patch.undo()
        assert not self.thread.is_alive()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


def everything(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_a_head_that_does_not_come_closes_the_connection(monkeypatch, sent):
    monkeypatch.setattr(server, "HEAD_PATIENCE", 0.05)
    with Running(hello) as running, running.connect() as connection:
        connection.sendall(sent)
        assert everything(connection) == b""


def test_a_second_head_that_does_not_come_closes_the_connection(monkeypatch):
    monkeypatch.setattr(server, "HEAD_PATIENCE", 0.05)
    with Running(hello) as running, running.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET / HTTP")
        assert b"HTTP/1.1" not in everything(connection)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1_000_000,
    ],
)
def test_what_is_no_http_is_refused(sent):
    with Running(hello) as running, running.connect() as connection:
        with suppress(OSError):  # it has hung up already
            connection.sendall(sent)
        assert everything(connection).startswith(b"HTTP/1.1 400")


def test_a_body_without_end_is_cut_off(tmp_path):
    """The answer comes at the byte that is too many, and the connection closes."""
    place = make_place(tmp_path)
    with place.node(signs=False) as node, Running(make_app(node, place.now)) as running, running.connect() as caller:
        caller.sendall(
            b"POST /v1/verifications HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
        sent = 0
        try:
            while sent < 1000:
                caller.sendall(chunk)
                sent += 1
        except OSError:
            pass
        answer = everything(caller)
    assert sent < 100
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in head.lower()
    assert json.loads(body)["code"] == "api.body_too_large"


# Addresses


def test_a_port_that_is_taken():
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(AddressInUse) as caught:
            bind("127.0.0.1", port)
        assert caught.value.value == port


@pytest.mark.parametrize("host", ["203.0.113.7", "a" * 300, "\udcff"])
def test_an_address_that_is_not_ours(host):
    with pytest.raises(BadAddress):
        bind(host, 0)


def test_connections_do_not_wait_for_acknowledgements():
    with Running(hello) as running, running.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        (protocol,) = running.servers[0].server_state.connections
        accepted = protocol.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_how_an_address_is_written():
    with bind("127.0.0.1", 0) as listener:
        assert address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert is_loopback(listener)
    with bind("0.0.0.0", 0) as listener:
        assert not is_loopback(listener)
