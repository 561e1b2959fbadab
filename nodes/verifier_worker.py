"""The process that checks signatures for `nodes.verifier`: chunks on standard input, answers on standard output.

    chunk     size ‖ ticket ‖ chunk ‖ for each message: size ‖ public key, 32 ‖ signature, 64 ‖ message
    taken     size ‖ ticket ‖ chunk                 no message: this chunk and those after it are done elsewhere
    answer    ticket ‖ chunk ‖ count ‖ for each message 0x01 valid, 0x00 not

Numbers are unsigned, 4 bytes, little-endian; `size` is that of what follows it. An answer without
messages, of ticket 0, says that the process is ready. It ends when its input ends.

It is run as a script, and imports the standard library and PyNaCl alone, so that it starts in 30 ms.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections import deque
from struct import Struct

from nacl.bindings import crypto_sign_open
from nacl.exceptions import CryptoError

__all__ = ["ANSWER", "CHUNK", "SIZE", "run"]

SIZE = Struct("<I")
CHUNK = Struct("<III")
ANSWER = Struct("<III")
_KEY = 32
_READ = 1 << 20


class _Input:
    """Chunks that wait, in the order in which they came."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._rest = b""
        self.waiting: deque[tuple[int, int, bytes]] = deque()

    def read(self) -> bool:
        """Take in what is there, waiting for it if there is nothing to do; whether the input goes on."""
        while select.select([self._source], [], [], 0 if self.waiting else None)[0]:
            data = os.read(self._source, _READ)
            if not data:
                return False
            self._split(self._rest + data)
        return True

    def _split(self, data: bytes) -> None:
        at = 0
        while at + CHUNK.size <= len(data):
            size, ticket, chunk = CHUNK.unpack_from(data, at)
            end = at + SIZE.size + size
            if end > len(data):
                break
            if end == at + CHUNK.size:
                self._forget(ticket, chunk)
            else:
                self.waiting.append((ticket, chunk, data[at + CHUNK.size : end]))
            at = end
        self._rest = data[at:]

    def _forget(self, ticket: int, first: int) -> None:
        self.waiting = deque(chunk for chunk in self.waiting if chunk[0] != ticket or chunk[1] < first)


def _check(messages: bytes) -> bytes:
    """One byte a message."""
    answers = bytearray()
    at = 0
    while at < len(messages):
        (size,) = SIZE.unpack_from(messages, at)
        start = at + SIZE.size
        at = start + size
        try:
            crypto_sign_open(messages[start + _KEY : at], messages[start : start + _KEY])
        except CryptoError:
            answers.append(0)
        else:
            answers.append(1)
    return bytes(answers)


def run(source: int = 0, sink: int = 1) -> None:
    """Answer until the input ends."""
    chunks = _Input(source)
    os.write(sink, ANSWER.pack(0, 0, 0))
    while chunks.read():
        ticket, chunk, messages = chunks.waiting.popleft()
        answers = _check(messages)
        os.write(sink, ANSWER.pack(ticket, chunk, len(answers)) + answers)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the node, which then ends this process
    with contextlib.suppress(BrokenPipeError):  # the node is gone
        run()
