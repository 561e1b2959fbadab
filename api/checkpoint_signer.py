"""Signs the checkpoint after commits, in a thread of its own: at once when it was idle, else every 200 ms at most.

The checkpoint of the newest commit covers all before it, so commits that come meanwhile share one signature. What is
not signed when the node stops, `close` signs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from ledger.errors import LadingError

__all__ = ["CheckpointSigner"]

_log: Final = logging.getLogger("lading.api")

PAUSE: Final = 0.2
"""The least time between two signatures, in seconds."""


class CheckpointSigner:
    """Calls `sign` after `wake`, once for all calls of `wake` until then."""

    def __init__(self, sign: Callable[[], object], *, pause: float = PAUSE) -> None:
        self._sign = sign
        self._pause = pause
        self._due = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lading-checkpoints", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is a newer commit."""
        self._due.set()

    def close(self) -> None:
        """Sign what is due, and end."""
        self._closing.set()
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._due.wait()
            self._due.clear()
            self._try()
            self._closing.wait(self._pause)
        if self._due.is_set():
            self._try()

    def _try(self) -> None:
        try:
            self._sign()
        except LadingError as error:
            _log.error("the checkpoint is not signed: %s [%s]", error.message, error.code)
        except Exception:  # noqa: BLE001 - the thread goes on, and the next commit tries again
            _log.exception("the checkpoint is not signed")
