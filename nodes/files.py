"""Files that are never half-written, and reading that no hostile file can abuse.

A write goes to a temporary file in the same folder, is flushed to the disk, takes the old file's
place in one step, and the folder is flushed too: after a crash there is the old content or the new
one, never a part. A read looks at what the path is and how large before it takes a byte.

Not here: locks (`lock.py`), formats, and what the content means.

Source: POSIX.1-2017, `rename()`, `link()`, `fsync()`.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from ledger.errors import InputError, NotFoundError, UnavailableError, UsageError

__all__ = [
    "PUBLIC",
    "SECRET",
    "AlreadyThere",
    "CannotRead",
    "CannotWrite",
    "FileMissing",
    "FileTooLarge",
    "NotAFile",
    "is_temporary",
    "make_folder",
    "read_bounded",
    "remove_temporaries",
    "write_atomic",
]

SECRET: Final = 0o600
"""Mode of a file that only its owner may read."""
PUBLIC: Final = 0o644
"""Mode of a file that anybody on the machine may read (the umask may take more away)."""

_TEMPORARY: Final = ".lading-tmp"
_BINARY: Final = getattr(os, "O_BINARY", 0)
_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)


class FileMissing(NotFoundError):
    """There is no file at this path."""

    code = "files.not_found"
    hint = "look at the path: a name may be misspelt, or the file was moved"


class NotAFile(InputError):
    """A folder, a pipe, a device, or a link where none is followed."""

    code = "files.not_a_file"
    hint = "give the path of an ordinary file"


class FileTooLarge(InputError):
    """More bytes than this kind of file can have."""

    code = "files.too_large"
    hint = "check that it is the right file; the limit of each kind is in docs/spec.md"


class CannotRead(UnavailableError):
    """The operating system did not let us read the file."""

    code = "files.cannot_read"
    hint = "check the permissions of the file and of the folders above it"


class CannotWrite(UnavailableError):
    """The operating system did not let us write; the old content is still there."""

    code = "files.cannot_write"
    hint = "check free space, and the permissions of the folder"


class AlreadyThere(UsageError):
    """There is a file already, and it is not to be overwritten."""

    code = "files.exists"
    hint = "choose another path, or move the old file away"


def read_bounded(path: Path, limit: int, *, follow: bool = True) -> bytes:
    """The bytes of an ordinary file of at most `limit` bytes.

    What the path is, and its size, are looked at before anything is read, and a pipe does not
    block. With `follow=False` a symbolic link is refused. Raises `FileMissing`, `NotAFile`,
    `FileTooLarge` or `CannotRead`.
    """
    flags = os.O_RDONLY | _BINARY | _NONBLOCK | (0 if follow else _NOFOLLOW)
    try:
        if not follow and path.is_symlink():
            raise NotAFile(f"{path} is a symbolic link", value=str(path))
        descriptor = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise FileMissing(f"there is no file {path}", value=str(path)) from None
    except (OSError, ValueError) as exc:
        if path.is_dir():  # Windows cannot open a folder at all
            raise NotAFile(f"{path} is a folder", value=str(path)) from None
        raise CannotRead(f"cannot open {path}: {_reason(exc)}", value=str(path)) from None
    try:
        _check_file(path, os.fstat(descriptor), limit)
        data = _read_up_to(descriptor, limit + 1)
    except OSError as exc:
        raise CannotRead(f"cannot read {path}: {_reason(exc)}", value=str(path)) from None
    finally:
        os.close(descriptor)
    if len(data) > limit:  # it grew while it was read
        raise FileTooLarge(f"{path} has more than {limit:,} bytes", value=len(data))
    return data


def write_atomic(path: Path, data: bytes, *, mode: int = PUBLIC, exclusive: bool = False) -> None:
    """Put `data` at `path`, whole or not at all, and on the disk when this returns.

    With `exclusive` an existing file is not replaced: raises `AlreadyThere`. Raises `CannotWrite`
    for whatever the operating system refuses.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{_TEMPORARY}")
    try:
        _write_new(temporary, data, mode)
        _put_in_place(temporary, path, exclusive)
        _sync_folder(path.parent)
    except FileExistsError:
        raise AlreadyThere(f"{path} exists already", value=str(path)) from None
    except (OSError, ValueError) as exc:
        raise CannotWrite(f"cannot write {path}: {_reason(exc)}", value=str(path)) from None
    finally:
        _remove(temporary)


def make_folder(path: Path, *, mode: int = 0o700) -> None:
    """Make a folder, and those above it, if they are not there. Raises `CannotWrite`."""
    if path.is_dir():
        return
    if path.parent != path:
        make_folder(path.parent, mode=mode)
    try:
        path.mkdir(mode=mode, exist_ok=True)
        _sync_folder(path.parent)
    except (OSError, ValueError) as exc:
        message = f"cannot make the folder {path}: {_reason(exc)}"
        raise CannotWrite(message, value=str(path)) from None


def is_temporary(path: Path) -> bool:
    """Whether this is a file that `write_atomic` has not put in its place (yet, or ever)."""
    return path.name.startswith(".") and path.name.endswith(_TEMPORARY)


def remove_temporaries(folder: Path) -> int:
    """Remove what crashes have left in `folder` and below; how many there were.

    To be called under the lock of the folder: another process may be writing just now.
    """
    left = [path for path in folder.rglob(f".*{_TEMPORARY}") if is_temporary(path)]
    for path in left:
        _remove(path)
    return len(left)


def _check_file(path: Path, status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotAFile(f"{path} is not an ordinary file", value=str(path))
    if status.st_size > limit:
        raise FileTooLarge(
            f"{path} has {status.st_size:,} bytes where at most {limit:,} are allowed",
            value=status.st_size,
        )


def _read_up_to(descriptor: int, size: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as stream:
        return stream.read(size)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | _NOFOLLOW
    with os.fdopen(os.open(path, flags, mode), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _put_in_place(temporary: Path, path: Path, exclusive: bool) -> None:
    if not exclusive:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)  # the one step of POSIX that fails if the name is taken
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):
        # No hard links on this file system: two writers at the same moment are not kept apart.
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; Windows has no such call and does it by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except (OSError, ValueError):
        return  # a leftover is harmless: readers skip it, and `remove_temporaries` tries again


def _reason(exc: Exception) -> str:
    return (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
