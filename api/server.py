"""Runs a node's app: the socket it listens on, uvicorn with h11, and an orderly end.

    with bind("127.0.0.1", 8720) as listener:
        run(app, listener, ready=lambda: print(address_of(listener)))

It answers until SIGTERM or SIGINT, takes no more connections then, finishes what it has in hand, and returns. A
second signal ends the waiting. A connection must send the head of a request within `HEAD_PATIENCE` seconds.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from ledger.errors import UnavailableError, UsageError

__all__ = ["AddressInUse", "BadAddress", "address_of", "bind", "is_loopback", "run"]

HEAD_PATIENCE: Final = 10.0
"""Seconds in which the head of a request must have come."""
KEEP_ALIVE: Final = 15
"""Seconds that an idle connection stays open."""
LAST_ANSWERS: Final = 10
"""Seconds that requests in hand have after a signal to end."""
LARGEST_HEAD: Final = 32_768
"""Bytes of a head that may come before it is whole."""
MOST_CONNECTIONS: Final = 1_000
_BACKLOG: Final = 128
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class AddressInUse(UnavailableError):
    """Another program listens on this port."""

    code = "serve.address_in_use"
    hint = "choose another port with --port, or 0 for any that is free; or end the other program"


class BadAddress(UsageError):
    """The node cannot listen on this address."""

    code = "serve.bad_address"
    hint = "--host is an address or a name of this machine, such as 127.0.0.1; a port below 1024 needs more rights"


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises `AddressInUse` or `BadAddress`."""
    where = f"{host} port {port}"
    listener = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # With the protocol named: asyncio sets TCP_NODELAY on connections of such a socket alone, and without
        # it every answer waits 40 ms for the caller's acknowledgement.
        listener = socket.socket(found[0][0], socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if os.name == "posix":  # a port whose last owner has just ended is free
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(found[0][4])
        listener.listen(_BACKLOG)
    except (OSError, OverflowError, UnicodeError) as exc:  # also a name that no name is, a port beyond 65535
        if listener is not None:
            listener.close()
        if isinstance(exc, OSError) and exc.errno == errno.EADDRINUSE:
            raise AddressInUse(f"{where} is in use", value=port) from None
        raise BadAddress(f"cannot listen on {where}: {getattr(exc, 'strerror', None) or exc}", value=host) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL under which a socket is reached from its own machine."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only programs on this machine reach a socket."""
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def run(app: ASGIApp, listener: socket.socket, *, ready: Callable[[], None]) -> None:
    """Answer until a signal to end; `ready` is called once, when the first request can be answered."""
    config = Config(
        app,
        loop="asyncio",
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=LAST_ANSWERS,
    )
    _Server(config, ready).run(sockets=[listener])


class _Server(Server):
    """uvicorn's server, which ends by returning and not by the signal that it got."""

    def __init__(self, config: Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals meanwhile, where this thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self._end) for one in _SIGNALS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _end(self, *_: object) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


class _Protocol(H11Protocol):
    """A connection that is closed if the head of a request is too long in coming."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on as long as no request is in hand."""
        super().data_received(data)
        if self._is_busy():
            self._stop_waiting()
        elif self._timer is None and not self.transport.is_closing():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """There is nothing more to wait for."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._timer = self.loop.call_later(HEAD_PATIENCE, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        """The head did not come; a request that was answered meanwhile has closed or kept the connection."""
        self._timer = None
        if not self._is_busy():
            self.transport.abort()

    def _is_busy(self) -> bool:
        """Whether a request is in hand."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete
