"""`lading serve` as a process: it says where it listens, holds the lock, ends in order, and bears slow callers."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from contextlib import suppress

import httpx2
import pytest
from support.served import make_place, served

from api import server
from api.app import make_app
from api.server import AddressInUse, BadAddress, address_of, bind, is_loopback
from ledger.note import SIGNING_KEY, Note, VerifierKey, verify_note
from nodes.keystore import KeyName
from nodes.lock import LockHeld

PATIENCE = 30


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path, clock=now)


def ended(process) -> tuple[int, str]:
    """The exit status and the rest of stdout."""
    output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


def test_it_serves_until_it_is_told_to_end_and_loses_nothing(place):
    with served(place) as (process, facts):
        assert facts == {
            "event": "listening",
            "url": facts["url"],
            "pid": process.pid,
            "ledger": place.game.ledger.hex(),
            "height": 0,
            "size": 7,
            "signs": True,
        }
        assert facts["url"].startswith("http://127.0.0.1:")
        with httpx2.Client(base_url=facts["url"]) as client:
            accepted = [place.send(client, "carrier", "bill_of_lading.issue", **place.game.bill_arguments())
                        for _ in range(5)]  # fmt: skip
            assert [answer.status_code for answer in accepted] == [201] * 5
        process.send_signal(signal.SIGTERM)
        assert ended(process) == (0, "")
    log = place.log.read_text()
    assert "stopped; everything that was acknowledged is on disk" in log
    assert 'POST /v1/transactions HTTP/1.1" 201' in log
    assert "five random words" not in log
    engine = place.engine()
    try:
        for answer in accepted:
            assert engine.reader.find(bytes.fromhex(answer.json()["record"])) is not None
        size = engine.chain.size
        stored = engine.store.checkpoint()
        assert stored is not None
        assert stored.size == size
        key = VerifierKey("ledger.example/test", SIGNING_KEY, place.keys.public_key(KeyName.LOG))
        note = Note.parse(f"{stored.body}\n{stored.lines[0]}\n".encode())
        assert verify_note(note, [key]) == (key,)
    finally:
        engine.store.close()


def test_ctrl_c_ends_it_too(place):
    with served(place, signs=False) as (process, facts):
        assert facts["signs"] is False
        process.send_signal(signal.SIGINT)
        assert ended(process) == (0, "")
    assert "checkpoints are not signed" in place.log.read_text()


def test_another_command_is_told_who_holds_the_ledger(place):
    with served(place, signs=False) as (process, facts):
        with pytest.raises(LockHeld) as caught, place.home.ledger_lock(timeout=0):
            pass
        assert caught.value.value == str(process.pid)
        assert f"process {process.pid} (lading serve at {facts['url']})" in caught.value.message


def test_many_callers_at_once(place):
    """Each gets its own answer, and every acknowledged transaction is in the log once."""
    signed = [place.game.signed("carrier", "bill_of_lading.issue", **place.game.bill_arguments()) for _ in range(60)]
    answers: dict[bytes, object] = {}
    with served(place, signs=False) as (process, facts):

        def caller(share) -> None:
            with httpx2.Client(base_url=facts["url"]) as client:
                for one in share:
                    answers[one.id] = place.post(client, "carrier", one).json()

        threads = [threading.Thread(target=caller, args=(signed[at::6],)) for at in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 0
    assert {one.id: answers[one.id]["transaction"] for one in signed} == {one.id: one.id.hex() for one in signed}
    engine = place.engine()
    try:
        log = [entry.data for entry in engine.store.entries(0, engine.chain.size)]
        assert [log.count(one.entry) for one in signed] == [1] * len(signed)
        assert [log[answers[one.id]["index"]] for one in signed] == [one.entry for one in signed]
    finally:
        engine.store.close()


# Callers that misbehave, against a server in a thread of this process


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


def test_an_exposed_node_says_what_that_means(place):
    with served(place, "--host", "0.0.0.0", signs=False) as (process, facts):
        assert facts["url"].startswith("http://0.0.0.0:")
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 0
    assert "can be reached from other machines" in place.log.read_text()
