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
        self._due = self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="lading-checkpoints", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is a newer commit."""
        with self._changed:
            self._due = True
            self._changed.notify()

    def close(self) -> None:
        """Sign what is due, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._wait():
            self._try()
            with self._changed:
                self._changed.wait_for(lambda: self._closing, self._pause)

    def _wait(self) -> bool:
        """Whether there is something to sign, waiting until there is or can be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._due or self._closing)
            due, self._due = self._due, False
        return due

    def _try(self) -> None:
        try:
            self._sign()
        except LadingError as error:
            _log.error("the checkpoint is not signed: %s [%s]", error.message, error.code)
        except Exception:  # noqa: BLE001 - the thread goes on, and the next commit tries again
            _log.exception("the checkpoint is not signed")
