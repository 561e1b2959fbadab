"""One process of `nodes.verifier_worker`, and the pipes to and from it."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Final

from . import verifier_worker
from .verifier_worker import ANSWER

__all__ = ["VerifierProcess"]

_READ: Final = 1 << 16
_SET_PIPE_SIZE: Final = "F_SETPIPE_SZ"
"""Linux alone has it. Elsewhere pipes are small, and a thread feeds what does not fit."""


class VerifierProcess:
    """A process that checks signatures. `ready` once it has said so; not `alive` any more once it has failed."""

    def __init__(self, pipe_size: int) -> None:
        self.alive, self.ready, self.pid = True, False, 0
        self._process: subprocess.Popen[bytes] | None = None
        self._feeder: _Feeder | None = None
        self._rest = b""
        theirs, self._sink = os.pipe()
        self.source, answers = os.pipe()
        script = [sys.executable, "-P", verifier_worker.__file__]
        try:
            self._process = subprocess.Popen(script, stdin=theirs, stdout=answers)
            self.pid = self._process.pid
            os.set_blocking(self._sink, False)
            _enlarge(self._sink, pipe_size)
        except OSError:  # too many processes, for one
            self.end()
        finally:
            os.close(theirs)
            os.close(answers)

    def send(self, data: bytes) -> None:
        """Write without waiting: what the pipe does not take at once, a thread writes."""
        if not self.alive:
            return
        try:
            if self._feeder is None:
                data = data[os.write(self._sink, data) :]
        except BlockingIOError:
            pass
        except OSError:
            self.end()
            return
        if data:
            self._feeder = self._feeder or _Feeder(self._sink)
            self._feeder.give(data)

    def answers(self) -> Iterator[tuple[int, int, bytes]]:
        """Read what is there: (ticket, chunk, a byte for each message) of each answer."""
        data = os.read(self.source, _READ)
        if not data:
            self.end()
            return
        data, at = self._rest + data, 0
        while at + ANSWER.size <= len(data):
            ticket, chunk, count = ANSWER.unpack_from(data, at)
            end = at + ANSWER.size + count
            if end > len(data):
                break
            if ticket:
                yield ticket, chunk, data[at + ANSWER.size : end]
            self.ready, at = True, end
        self._rest = data[at:]

    def end(self) -> None:
        """Kill the process, and wait until it is gone. It keeps nothing that could be lost."""
        if not self.alive:
            return
        self.alive = self.ready = False
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
        if self._feeder is not None:
            self._feeder.end()
        os.close(self._sink)
        os.close(self.source)


def _enlarge(pipe: int, size: int) -> None:
    """Let a pipe hold a whole batch, where the system can."""
    import fcntl

    command = getattr(fcntl, _SET_PIPE_SIZE, None)
    if command is not None:
        with contextlib.suppress(OSError):  # beyond what this user may have
            fcntl.fcntl(pipe, command, size)


class _Feeder:
    """A thread that writes to a pipe what does not fit into it yet."""

    def __init__(self, sink: int) -> None:
        self._sink = sink
        self._given: SimpleQueue[bytes] = SimpleQueue()
        self._thread = Thread(target=self._run, name="lading-verifier-feeder", daemon=True)
        self._thread.start()

    def give(self, data: bytes) -> None:
        self._given.put(data)

    def end(self) -> None:
        self._given.put(b"")
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # the process is gone, as whoever reads its answers learns
            while data := self._given.get():
                while data:
                    select.select([], [self._sink], [])
                    data = data[os.write(self._sink, data) :]
