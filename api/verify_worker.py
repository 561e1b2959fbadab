"""The process in which an uploaded bundle is verified: one upload on standard input, the answer on standard output.

    input     {"content_type": "…", "policy": "log …\\n…", "at": 1764000000000, "max_age": 600000}\\n ‖ body
    answer    {"status": 200, "body": <the report of ledger.verify>}      or a problem document and its status

A stranger may send anything. An upload of 32 MiB takes 300 MB of memory and two seconds in which Python does nothing
else; here these are its own, both bounded, and not the node's. It imports `ledger` and what reads the upload.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any, Final

from ledger.errors import LadingError
from ledger.policy import Policy
from ledger.verify import verify

from .errors import TooCostly
from .problems import problem_of
from .upload import read_upload

__all__ = ["answer", "run"]

MEMORY: Final = 1 << 30
"""Address space of the process, in bytes."""
SECONDS: Final = 30
"""Processor time."""


def answer(order: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Verify one upload."""
    try:
        upload = read_upload(order["content_type"], body)
        policy = Policy.parse(order["policy"].encode("utf-8") if upload.policy is None else upload.policy)
        report = verify(upload.bundle, policy, at=order["at"], max_age=order["max_age"])
    except LadingError as error:
        problem = problem_of(error)
        return {"status": problem["status"], "body": problem}
    except (MemoryError, RecursionError):
        problem = problem_of(TooCostly("checking it takes more memory than it is given"))
        return {"status": problem["status"], "body": problem}
    return {"status": 200, "body": report.as_dict()}


def run() -> None:
    """Answer what stands on standard input."""
    _bound()
    line = sys.stdin.buffer.readline()
    result = answer(json.loads(line), sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(result))


def _bound() -> None:
    """Take no more memory and time than this, where the system can see to it."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    run()
