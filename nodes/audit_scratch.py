"""What an audit replays into: of a store only what the rules read, contents in a temporary file.

In memory are the paths and, for each, where in the file its salt and content stand: about 200 bytes a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, Final

from ledger.chain import Batch
from ledger.record import Item
from ledger.store.memory import MemoryStore
from ledger.store.port import LeafReader

__all__ = ["Scratch"]

_SALT: Final = 32
_LENGTH_BITS: Final = 20


class Scratch(MemoryStore):
    """A store for `nodes.replayer.Replayer` alone; `batch` is the last that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.batch: Batch | None = None
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - closed with the store
        self._end = 0
        self._places: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._places)

    def append(self, batch: Batch, handed_over: Callable[[], None] | None = None) -> None:
        """Take the state of a batch; of its log only that of height 0, where genesis and tables stand."""
        self.batch = batch
        if batch.head.height == 0:
            super().append(batch, handed_over)
        for row in batch.rows:
            data = row.item.salt + row.item.content
            self._file.seek(self._end)
            self._file.write(data)
            self._places[row.path] = self._end << _LENGTH_BITS | len(data)
            self._end += len(data)

    def items(self, paths: Iterable[bytes], leaf_of: LeafReader | None = None) -> dict[bytes, Item]:
        """What stands under these paths."""
        return {path: item for path in paths if (item := self.item(path)) is not None}

    def item(self, path: bytes) -> Item | None:
        """What stands under a path."""
        place = self._places.get(path)
        if place is None:
            return None
        self._file.seek(place >> _LENGTH_BITS)
        data = self._file.read(place & ((1 << _LENGTH_BITS) - 1))
        return Item(data[:_SALT], data[_SALT:])

    def paths(self) -> Iterator[bytes]:
        """Every path, in ascending order."""
        return iter(sorted(self._places))

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()
