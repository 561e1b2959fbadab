"""Verifies uploaded bundles, each in a process of its own (`verify_worker.py`), a few at a time.

What a stranger uploads can thus neither take the node's memory nor hold up its commits; a process that takes too
long is ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ledger.verify import DEFAULT_MAX_AGE

from . import verify_worker
from .errors import Overloaded, TooCostly

__all__ = ["Verifications"]

AT_ONCE: Final = 2
"""Processes at a time."""
WAITING: Final = 32
"""Uploads that may wait for one."""
PATIENCE: Final = 60.0
"""Seconds after which a process is ended."""
_MODULE: Final = f"{verify_worker.__package__}.verify_worker"
_FOLDER: Final = Path(verify_worker.__file__).parents[1]
_PASSED_ON: Final = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR")


class Verifications:
    """Used from one event loop."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def verify(self, content_type: str, body: bytes, *, policy: str, at: int) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer; `policy` counts unless the upload has one, `at` is in Unix milliseconds.

        Raises `Overloaded` or `TooCostly`.
        """
        if self._waiting >= WAITING:
            raise Overloaded(f"{self._waiting} uploads are waiting to be verified")
        order = {"content_type": content_type, "policy": policy, "at": at, "max_age": DEFAULT_MAX_AGE}
        self._waiting += 1
        try:
            async with self._turn:
                result = await self._run(json.dumps(order).encode("ascii") + b"\n", body)
        finally:
            self._waiting -= 1
        return result["status"], result["body"]

    async def _run(self, order: bytes, body: bytes) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _MODULE,
            cwd=_FOLDER,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(self._patience):
                output, _ = await process.communicate(order + body)
        except TimeoutError:
            raise TooCostly(f"checking it took more than {self._patience:g} s") from None
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode is not None and process.returncode < 0:
            raise TooCostly(f"the process that checked it was ended by signal {-process.returncode}")
        if process.returncode:
            raise RuntimeError(f"the process that verifies uploads failed with status {process.returncode}")
        result: dict[str, Any] = json.loads(output)
        return result
