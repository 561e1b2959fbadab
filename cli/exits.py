"""Exit statuses of the commands, one table.

0    done, or VALID
1    INVALID, or refused by the rules
2    wrong usage: an option, a file that cannot be read, something that is not there
3    UNKNOWN: it cannot be checked, or not be done now
4    the ledger, or another thing that was stored, is damaged
70   a fault of lading itself
130  ended with Ctrl-C
141  nobody reads the output any more
"""

from __future__ import annotations

from typing import Final

from ledger.errors import (
    ContradictionError,
    DamagedError,
    InputError,
    LadingError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UnverifiedError,
    UsageError,
)

__all__ = [
    "BROKEN_PIPE",
    "DAMAGED",
    "DONE",
    "INTERNAL",
    "INTERRUPTED",
    "REFUSED",
    "UNKNOWN",
    "USAGE",
    "exit_status",
]

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
UNKNOWN: Final = 3
DAMAGED: Final = 4
INTERNAL: Final = 70
"""A fault of lading itself (EX_SOFTWARE of sysexits.h)."""
INTERRUPTED: Final = 130
"""Ended with Ctrl-C (128 + SIGINT)."""
BROKEN_PIPE: Final = 141
"""Nobody reads the output any more (128 + SIGPIPE)."""

_STATUS: Final[tuple[tuple[type[LadingError], int], ...]] = (
    (RefusedError, REFUSED),
    (ContradictionError, REFUSED),
    (InputError, USAGE),
    (UsageError, USAGE),
    (NotFoundError, USAGE),
    (UnverifiedError, UNKNOWN),
    (UnavailableError, UNKNOWN),
    (DamagedError, DAMAGED),
)


def exit_status(error: LadingError) -> int:
    """The exit status of a command that ends with `error`."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), INTERNAL)
