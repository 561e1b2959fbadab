"""One process at a time: an exclusive lock on a file, which says who holds it.

    48213 lading offer

The lock is the operating system's and ends with the process, however it ends; the file stays and
means nothing by itself. The text is for the message that the one who waits in vain gets. On POSIX
it is `flock` on the whole file, on Windows `msvcrt.locking` on one byte far behind the text, so
that others can still read it. Both bind processes of one machine: a folder shared over a network
needs the operator's address (a URL) instead.

A lock is not re-entrant: who holds it and asks for it again waits in vain, like anybody else.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

from ledger.errors import UnavailableError

__all__ = ["CannotLock", "FileLock", "LockHeld"]

_TEXT_LIMIT: Final = 200
_PAUSE: Final = 0.02
_GRACE: Final = 0.2
"""What another command takes; only who waits longer hears of it, in seconds."""
_NODE: Final = "lading serve"
"""How the purpose of a node begins."""
_PATIENCE_WITH_A_NODE: Final = 3.0
_NODE_HINT: Final = (
    "a node serves this ledger: act through it (docs/api.md), or stop it, run the command, and start it again"
)
_BINARY: Final = getattr(os, "O_BINARY", 0)


class LockHeld(UnavailableError):
    """Another process works here, and did not finish in time."""

    code = "lock.held"
    hint = "wait until that process is done, or end it if it hangs; then run the command again"


class CannotLock(UnavailableError):
    """The lock file cannot be opened, or the file system knows no locks."""

    code = "lock.cannot_lock"
    hint = "check the permissions of the folder, and that it is on a disk of this machine"


class FileLock:
    """The exclusive lock on `path`, as a context manager.

    `timeout` is in seconds, 0 tries once; a node that serves does not end by itself, and is waited for 3 s at most.
    `purpose` is shown to whoever finds the lock held, `on_wait` is told once for whom this one waits.
    """

    def __init__(
        self,
        path: Path,
        *,
        timeout: float = 10.0,
        purpose: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        self.path = path
        self._timeout = timeout
        self._text = f"{os.getpid()} {purpose}".strip()[: _TEXT_LIMIT - 1] + "\n"
        self._clock = clock
        self._sleep = sleep
        self._on_wait = on_wait
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises `LockHeld` after the timeout, `CannotLock` if there can be none."""
        started, told = self._clock(), False
        deadline = started + self._timeout
        descriptor = self._open()
        try:
            while not _try_lock(descriptor):
                if self._clock() >= deadline:
                    raise self._held(descriptor)
                if not told and self._clock() - started >= _GRACE:
                    told = True
                    deadline = min(deadline, started + self._tell(descriptor))
                self._sleep(_PAUSE)
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, self._text.encode("utf-8", "replace"))
        except OSError as exc:
            os.close(descriptor)
            raise self._impossible(exc) from None
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held. The file stays."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        try:
            os.ftruncate(descriptor, 0)
            _unlock(descriptor)
        finally:
            os.close(descriptor)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def __enter__(self) -> FileLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | _BINARY, 0o600)
        except (OSError, ValueError) as exc:
            raise self._impossible(exc) from None

    def _tell(self, descriptor: int) -> float:
        """Say for whom this one waits; how many seconds are worth waiting."""
        _, purpose, who = self._holder(descriptor)
        if self._on_wait is not None:
            self._on_wait(f"waiting for {who}, which holds {self.path}")
        return _PATIENCE_WITH_A_NODE if purpose.startswith(_NODE) else self._timeout

    def _held(self, descriptor: int) -> LockHeld:
        pid, purpose, who = self._holder(descriptor)
        hint = _NODE_HINT if purpose.startswith(_NODE) else None
        return LockHeld(f"{self.path} is locked by {who}", value=pid or None, hint=hint)

    def _holder(self, descriptor: int) -> tuple[str, str, str]:
        """The process that holds the lock: its id, its purpose, and both in words."""
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, _TEXT_LIMIT).decode("utf-8", "replace").strip()
        pid, _, purpose = text.partition(" ")
        who = f"process {pid}" if pid.isdecimal() else "another process"
        what = f" ({purpose})" if purpose.isprintable() and purpose else ""
        return pid, purpose, who + what

    def _impossible(self, exc: Exception) -> CannotLock:
        return CannotLock(f"cannot lock {self.path}: {exc}", value=str(self.path))


if sys.platform == "win32":
    import msvcrt

    _FAR: Final = 1 << 30

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
