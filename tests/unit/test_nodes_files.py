"""Files: whole or not at all, and bounded."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nodes import files
from nodes.files import (
    SECRET,
    AlreadyThere,
    CannotRead,
    CannotWrite,
    FileMissing,
    FileTooLarge,
    NotAFile,
    make_folder,
    read_bounded,
    remove_temporaries,
    write_atomic,
)

posix = pytest.mark.skipif(os.name == "nt", reason="modes, pipes and links are POSIX's")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"one")
    write_atomic(tmp_path / "a", b"two")
    assert read_bounded(tmp_path / "a", 3) == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@posix
def test_a_secret_is_its_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_atomic(tmp_path / "secret", b"x", mode=SECRET)
        write_atomic(tmp_path / "public", b"x")
        make_folder(tmp_path / "deep" / "folder")
    finally:
        os.umask(old)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("secret", "public", "deep")}
    assert modes == {"secret": 0o600, "public": 0o644, "deep": 0o700}
    assert stat.S_IMODE((tmp_path / "deep" / "folder").stat().st_mode) == 0o700


@posix
def test_a_replaced_file_takes_the_new_mode(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"open")
    write_atomic(tmp_path / "a", b"secret", mode=SECRET)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_size_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1234")
    with pytest.raises(FileTooLarge, match="4 bytes where at most 3"):
        read_bounded(tmp_path / "a", 3)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)  # a terabyte that takes no room: reading it would
    with pytest.raises(FileTooLarge):
        read_bounded(tmp_path / "sparse", 100)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"123")
    fstat = os.fstat

    def then_grow(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        with path.open("ab") as stream:
            stream.write(b"4")
        return status

    monkeypatch.setattr(files.os, "fstat", then_grow)
    with pytest.raises(FileTooLarge, match="more than 3"):
        read_bounded(path, 3)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAFile):
        read_bounded(tmp_path, 100)
    with pytest.raises(FileMissing):
        read_bounded(tmp_path / "absent", 100)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileMissing):
        read_bounded(tmp_path / "file" / "below", 100)
    with pytest.raises(CannotRead):
        read_bounded(tmp_path / "nul\x00", 100)


@posix
def test_pipes_and_devices_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(NotAFile):
            read_bounded(path, 100)


@posix
def test_a_link_is_followed_only_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    assert read_bounded(tmp_path / "link", 100) == b"x"
    with pytest.raises(NotAFile, match="symbolic link"):
        read_bounded(tmp_path / "link", 100, follow=False)


def test_exclusive_never_overwrites(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"one", exclusive=True)
    with pytest.raises(AlreadyThere):
        write_atomic(tmp_path / "a", b"two", exclusive=True)
    assert (tmp_path / "a").read_bytes() == b"one"
    assert len(list(tmp_path.iterdir())) == 1


def test_exclusive_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(files.os, "link", unsupported)
    write_atomic(tmp_path / "a", b"one", exclusive=True)
    with pytest.raises(AlreadyThere):
        write_atomic(tmp_path / "a", b"two", exclusive=True)
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(CannotWrite, match="No space left") as caught:
        write_atomic(tmp_path / "a", b"new")
    assert caught.value.code == "files.cannot_write"
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_cannot_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CannotWrite):
        make_folder(tmp_path / "file" / "below")
    with pytest.raises(CannotWrite):
        write_atomic(tmp_path / "absent" / "a", b"")


CRASH = """
import os, pathlib, sys
from nodes import files
pathlib.Path.replace = lambda *_: os._exit(9)
files.write_atomic(pathlib.Path(sys.argv[1]), b"new")
"""


def test_a_crash_before_the_rename_leaves_the_old_version(tmp_path: Path, root: Path) -> None:
    write_atomic(tmp_path / "a", b"old")
    done = subprocess.run([sys.executable, "-c", CRASH, tmp_path / "a"], cwd=root, check=False)
    assert done.returncode == 9
    assert (tmp_path / "a").read_bytes() == b"old"
    left = [path for path in tmp_path.iterdir() if files.is_temporary(path)]
    assert [path.read_bytes() for path in left] == [b"new"]
    assert remove_temporaries(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def replaced(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(files.os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    write_atomic(tmp_path / "a", b"x")
    assert steps == ["file", "rename"] + ["folder"] * (os.name != "nt")
