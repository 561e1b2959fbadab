"""A log as static files, in the layout of C2SP tlog-tiles: any web server serves it, any client of such logs reads it.

    FOLDER/checkpoint               the newest checkpoint with all its signatures
    FOLDER/tile/0/000 …             hash tiles
    FOLDER/tile/entries/000 …       the entries

A second export into the same folder adds what is new. Files of an earlier checkpoint are never changed: they are
read again, and if one is not what the ledger has, or the ledger does not go on from the checkpoint that is there,
nothing is written. The checkpoint comes last, when every tile of it is on the disk and gives its root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.checkpoint import Checkpoint
from ledger.errors import ContradictionError
from ledger.merkle import Frontier
from ledger.note import Note
from ledger.store.port import Store, StoredCheckpoint
from ledger.tiles import ENTRIES, Tile, hash_reader, new_tiles
from nodes.files import PUBLIC, make_folder, read_bounded, write_atomic
from nodes.log_tiles import LogTiles
from nodes.proofs import signed_note

__all__ = ["ExportDiffers", "Exported", "export_log"]

_MAX_TILE: Final = 256 * (2 + 65_535)
_MAX_NOTE: Final = 1_048_576


class ExportDiffers(ContradictionError):
    """The folder holds another history of this log than the ledger does."""

    code = "log.export_differs"
    hint = "keep both: two signed checkpoints of one size and different roots prove that somebody forked the log"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has done: the sizes before and after, and how many files it wrote."""

    before: int
    size: int
    files: int


def export_log(
    store: Store, stored: StoredCheckpoint, folder: Path, progress: Callable[[int], None] = lambda _: None
) -> Exported:
    """Write the log under a checkpoint to a folder. Raises `ExportDiffers`, `StoreDamaged` or what files raise.

    `progress` is told how many files are done.
    """
    checkpoint = Checkpoint.parse(stored.body.encode("utf-8"))
    tiles = LogTiles(store, checkpoint.size)
    before = _size_there(store, folder, checkpoint)
    if before:
        _check_kept(folder, before, tiles)
    files = 0
    for tile in _tiles(before, checkpoint.size):
        path = folder / tile.path()
        make_folder(path.parent, mode=0o755)
        write_atomic(path, tiles.read(tile), mode=PUBLIC)
        files += 1
        progress(files)
    reader = hash_reader(lambda tile: read_bounded(folder / tile.path(), _MAX_TILE), checkpoint.size)
    if Frontier.read(reader, checkpoint.size).root() != checkpoint.root:
        raise ExportDiffers("the tiles that were written do not give the checkpoint's root", value=checkpoint.size)
    make_folder(folder, mode=0o755)
    write_atomic(folder / "checkpoint", signed_note(stored), mode=PUBLIC)
    return Exported(before, checkpoint.size, files + 1)


def _tiles(before: int, size: int) -> Iterator[Tile]:
    yield from new_tiles(before, size, level=ENTRIES)
    yield from new_tiles(before, size)


def _size_there(store: Store, folder: Path, checkpoint: Checkpoint) -> int:
    """The size of the log in the folder, which the ledger must go on from."""
    path = folder / "checkpoint"
    if not path.exists():
        return 0
    there = Checkpoint.parse(Note.parse(read_bounded(path, _MAX_NOTE)).text)
    if there.origin != checkpoint.origin:
        raise ExportDiffers(f"the folder holds the log {there.origin}, this is {checkpoint.origin}", value=there.origin)
    if there.size > checkpoint.size:
        raise ExportDiffers(
            f"the folder holds {there.size:,} entries, the newest checkpoint here has {checkpoint.size:,}",
            value=there.size,
        )
    if Frontier.read(store.hash_at, there.size).root() != there.root:
        raise ExportDiffers(
            f"the first {there.size:,} entries are not those of the folder's checkpoint", value=there.size
        )
    return there.size


def _check_kept(folder: Path, before: int, tiles: LogTiles) -> None:
    """The right edge of what is there, which the new tiles go on from, is what the ledger has."""
    kept = {tile.level: tile for tile in _tiles(0, before)}
    for tile in kept.values():
        if read_bounded(folder / tile.path(), _MAX_TILE) != tiles.read(tile):
            raise ExportDiffers(f"{tile.path()} is not what the ledger has", value=tile.path())
