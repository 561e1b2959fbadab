"""Nonces of requests that were answered, so that none is answered twice.

A signature counts from `WINDOW` seconds before its `created` to `WINDOW` after it, so a nonce is kept for twice as
long, counted from when it came. What the memory held before the node started is gone: signatures from before the
start are refused (`caller.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import Final

from .errors import Overloaded, SignatureReplayed
from .message_signature import WINDOW

__all__ = ["NonceMemory"]

MOST: Final = 200_000
"""Nonces that are kept at most: 333 requests a second, in about 30 MB."""


class NonceMemory:
    """Remembers (key, nonce) pairs. For any number of threads."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._seen: OrderedDict[bytes, int] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._seen)

    def remember(self, key: bytes, nonce: str, now: int) -> None:
        """Take note of a nonce at `now` (POSIX seconds). Raises `SignatureReplayed` or `Overloaded`."""
        name = blake2b(key + nonce.encode("ascii"), digest_size=16).digest()
        with self._lock:
            while self._seen and next(iter(self._seen.values())) < now - 2 * WINDOW:
                self._seen.popitem(last=False)
            if name in self._seen:
                raise SignatureReplayed("a request with this nonce was answered before", value=nonce)
            if len(self._seen) >= self._most:
                raise Overloaded(f"{self._most:,} nonces are remembered", value=self._most)
            self._seen[name] = now
