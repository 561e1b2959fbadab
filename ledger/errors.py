"""The errors of lading, grouped by who is at fault.

    LadingError
    ├── InputError          what was given cannot be read, or breaks a format          (the giver)
    ├── RefusedError        well-formed, and the rules or the state refuse it          (the actor)
    ├── UsageError          a command, an option or a setting is wrong                 (the user)
    ├── NotFoundError       what was asked for is not here                             (the user)
    ├── UnverifiedError     it cannot be checked with what is at hand                  (nobody)
    ├── ContradictionError  checked, and found false                                   (the maker)
    ├── DamagedError        what this node stored is not what it wrote                 (the machine)
    └── UnavailableError    the node cannot do it now; nothing was changed             (the node)

A concrete error is a subclass with a `code` that never changes, and a `hint` that says what the
person can do. The offending value is kept in `value`. How a class maps to an exit status or to a
status of HTTP is decided once, at that edge (`cli/exits.py`, `api/problems.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

__all__ = [
    "ContradictionError",
    "DamagedError",
    "InputError",
    "LadingError",
    "NotFoundError",
    "RefusedError",
    "UnavailableError",
    "UnverifiedError",
    "UsageError",
    "all_error_classes",
]

_SHOWN = 160


class LadingError(Exception):
    """Base of every error that lading raises on purpose.

    `message` is one sentence for a person; `value` the offending value; `hint` what to do next.
    """

    code: ClassVar[str] = ""
    hint: str = ""

    def __init__(self, message: str, *, value: object = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.value = value
        if hint is not None:
            self.hint = hint

    def shown_value(self) -> str:
        """The offending value as text: bytes in hex, never more than 160 characters."""
        if self.value is None:
            return ""
        text = self.value.hex() if isinstance(self.value, bytes) else str(self.value)
        return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

    def as_dict(self) -> dict[str, str]:
        """Code, message, value and hint as strings, for JSON output."""
        return {
            "code": self.code,
            "message": self.message,
            "value": self.shown_value(),
            "hint": self.hint,
        }


class InputError(LadingError):
    """What was given cannot be read, or breaks a format."""


class RefusedError(LadingError):
    """Well-formed, and refused by the rules or by the state of the record."""


class UsageError(LadingError):
    """A command, an option or a setting is wrong."""


class NotFoundError(LadingError):
    """What was asked for is not here."""


class UnverifiedError(LadingError):
    """It cannot be checked with what is at hand; that does not make it false."""


class ContradictionError(LadingError):
    """It was checked, and found false."""


class DamagedError(LadingError):
    """What this node stored is not what it wrote."""


class UnavailableError(LadingError):
    """The node cannot do it now; nothing was changed."""


def all_error_classes() -> Iterator[type[LadingError]]:
    """Every loaded error class that has a code, for the error reference."""
    todo: list[type[LadingError]] = [LadingError]
    seen: set[type[LadingError]] = set()
    while todo:
        cls = todo.pop()
        for sub in cls.__subclasses__():
            if sub not in seen:
                seen.add(sub)
                todo.append(sub)
                if sub.code:
                    yield sub
