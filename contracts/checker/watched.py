"""A record that notices which of its fields are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.record import Record

__all__ = ["Fields", "ModelRecord", "Unforeseen"]


class Unforeseen(BaseException):
    """A rule reads a field that was thought to be read by none; the exploration begins again with it. Not an error."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Fields(dict[str, Any]):
    """The fields of a record that some rule reads; asking for another is `Unforeseen`.

    So is asking a record that stands for all of them; a copy, which effects change, may hand on what it has.
    """

    __slots__ = ("dropped", "stands")
    dropped: frozenset[str]
    stands: bool

    def get(self, key: str, default: Any = None) -> Any:
        """As of a dict."""
        if key in self.dropped:
            raise Unforeseen(key)
        return dict.get(self, key, default)

    def __missing__(self, key: str) -> Any:
        if key in self.dropped:
            raise Unforeseen(key)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        if key in self.dropped:
            raise Unforeseen(str(key))
        return dict.__contains__(self, key)

    def pop(self, key: str, *default: Any) -> Any:
        """As of a dict."""
        if key in self.dropped:
            raise Unforeseen(key)
        return dict.pop(self, key, *default)

    def __iter__(self) -> Iterator[str]:
        if self.stands and self.dropped:
            raise Unforeseen(min(self.dropped))
        return dict.__iter__(self)

    def keys(self) -> Any:
        """As of a dict."""
        return list(self)

    def values(self) -> Any:
        """As of a dict."""
        return [self[name] for name in self]

    def items(self) -> Any:
        """As of a dict."""
        return [(name, self[name]) for name in self]

    def copy(self) -> Fields:
        """For effects to change."""
        copied = Fields(dict.items(self))
        copied.dropped = self.dropped
        copied.stands = False
        return copied


class ModelRecord(Record):
    """A record whose copies keep watching what is read."""

    __slots__ = ()

    def copy(self) -> Record:
        """For effects to change."""
        copied = ModelRecord(*self._elements()[:-1])
        copied.fields = self.fields.copy()
        return copied
