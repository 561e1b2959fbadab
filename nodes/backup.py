"""Backups: a copy of a home that can be put back as it is, made while others use the ledger.

    OUT/README.txt     how to restore it
    OUT/home.json …    every file of the home but locks and what a crash left half-written
    OUT/ledger.db      in an operator's backup: the ledger as it stood at one commit

The ledger is copied first: documents are on the disk before the acts that commit to them are in the ledger, so no
act in the copy lacks a document that the home had. The copy is put together under another name, and gets its own
when it is complete. What it is worth to a thief is what the home is worth: the keys in it are locked, the vault is
encrypted, the ledger is not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Final

from ledger.errors import UsageError
from ledger.store.port import Store, StoreDamaged
from ledger.store.sqlite import open_sqlite
from nodes.files import SECRET, FileMissing, is_temporary, make_folder, read_bounded, write_atomic
from nodes.home import Home

__all__ = ["Backup", "BackupExists", "BadBackupPlace", "back_up"]

_DATABASES: Final = ("ledger.db", "replica.db")
_BESIDE: Final = ("-wal", "-shm", "-journal")
_LARGEST: Final = 256 * 1024 * 1024
_README: Final = """This is a backup of the lading home "{name}".

To restore it, copy this folder to where the home was (move the old home away first, and keep it):

    cp -a THIS-FOLDER HOME && lading audit --home HOME

Before you cosign again, compare cosigner.json with the newest checkpoint that other members hold from your key:
an old copy has forgotten what was signed since, and a cosigner must never sign a smaller or another tree.
"""


class BackupExists(UsageError):
    """There is something at the place of the backup; nothing of it was changed."""

    code = "backup.exists"
    hint = "choose another place; a backup never overwrites one"


class BadBackupPlace(UsageError):
    """The backup would lie in the home that it is a copy of."""

    code = "backup.inside_home"
    hint = "choose a place outside the home, best on another disk"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: files, databases and README included, and their bytes.

    `entries` is the size of the ledger in it, None where there is none.
    """

    folder: Path
    files: int
    size: int
    entries: int | None


def back_up(home: Home, out: Path) -> Backup:
    """Copy a home to `out`, which must not be there. Call it under `home.lock()`.

    Raises `BackupExists`, `BadBackupPlace`, `files.CannotWrite`, or an error of the store.
    """
    target = out.absolute()
    if target.is_relative_to(home.folder):
        raise BadBackupPlace(f"{out} lies in the home", value=str(out))
    part = target.with_name(f".{target.name}.part")
    if os.path.lexists(target) or os.path.lexists(part):
        raise BackupExists(f"{target if os.path.lexists(target) else part} is there already", value=str(out))
    make_folder(part)
    try:
        _copy_memory(home, part)
        entries = _copy_databases(home, part)
        _copy_files(home.folder, part)
        write_atomic(part / "README.txt", _README.format(name=home.settings.name).encode("utf-8"), mode=SECRET)
        sizes = [path.stat().st_size for path in part.rglob("*") if path.is_file()]
        part.rename(target)
    except BaseException:
        rmtree(part, ignore_errors=True)
        raise
    return Backup(target, len(sizes), sum(sizes), entries)


def _copy_memory(home: Home, part: Path) -> None:
    """What was signed last, before the ledger: a node signs meanwhile, and the copy of the ledger must hold it all."""
    with suppress(FileMissing):
        write_atomic(part / home.cosigner_path.name, read_bounded(home.cosigner_path, _LARGEST, follow=False))


def _copy_databases(home: Home, part: Path) -> int | None:
    """The ledger and the replica, each as it stands at one commit; the number of entries of the ledger."""
    entries = None
    for name in _DATABASES:
        if not (home.folder / name).exists():
            continue
        with closing(open_sqlite(home.folder / name, read_only=True)) as store:
            store.backup(part / name)
        with closing(open_sqlite(part / name)) as copy:
            size = _size(copy)
        entries = size if name == _DATABASES[0] else entries
    return entries


def _size(copy: Store) -> int:
    head = copy.head()
    if head is None:
        raise StoreDamaged("the copy of the ledger holds no commit")
    return head.size


def _copy_files(folder: Path, part: Path) -> None:
    for path in _files(folder):
        try:
            data = read_bounded(path, _LARGEST, follow=False)
        except FileMissing:  # taken out of the inbox meanwhile
            continue
        target = part / path.relative_to(folder)
        make_folder(target.parent)
        write_atomic(target, data, mode=path.stat().st_mode & 0o777 if path.exists() else SECRET)


def _files(folder: Path) -> Iterator[Path]:
    """The files of a home that are worth keeping, without those that were copied before."""
    taken = {name + ending for name in _DATABASES for ending in ("", *_BESIDE)} | {"cosigner.json"}
    for path in sorted(folder.rglob("*")):
        usual = path.is_file() and not path.is_symlink() and path.suffix != ".lock" and not is_temporary(path)
        if usual and not (path.parent == folder and path.name in taken):
            yield path
