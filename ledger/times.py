"""Ledger time as text. Ledger time is Unix milliseconds, without leap seconds.

1764000000123  ->  2025-11-24T16:00:00.123Z
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from .errors import InputError

__all__ = ["BadTime", "iso", "parse_iso"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = 253402300799999


class BadTime(InputError):
    """Not a point in time as lading writes or reads it."""

    code = "time.malformed"
    hint = "write it as 2026-03-01, 2026-03-01T12:00Z or 2026-03-01T20:00+08:00"


def iso(milliseconds: int) -> str:
    """A ledger time in ISO 8601, UTC; milliseconds only where there are some."""
    if not 0 <= milliseconds <= _LAST:
        return f"{milliseconds} ms"
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds").replace("+00:00", "Z")


def parse_iso(text: str) -> int:
    """Unix milliseconds of an ISO 8601 time from 1970 on; without an offset it is UTC. Raises `BadTime`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadTime("not a time", value=text) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    milliseconds = round((moment - _EPOCH) / timedelta(milliseconds=1))
    if not 0 <= milliseconds <= _LAST:
        raise BadTime("a time before 1970 or after 9999", value=text)
    return milliseconds
