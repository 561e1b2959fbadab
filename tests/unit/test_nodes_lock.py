"""The lock: one process at a time, and the message says who."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nodes.lock import CannotLock, FileLock, LockHeld


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_second_waits_and_learns_who_is_first(tmp_path: Path) -> None:
    path, clock = tmp_path / "lock", Clock()
    with FileLock(path, purpose="lading offer"):
        with pytest.raises(LockHeld, match=f"process {os.getpid()} \\(lading offer\\)") as caught:
            FileLock(path, timeout=3.0, clock=clock, sleep=clock.sleep).acquire()
        assert clock.now == pytest.approx(3.0, abs=0.05)
        assert caught.value.shown_value() == str(os.getpid())
    with FileLock(path, timeout=0) as lock:
        assert lock.held
    assert not lock.held


@pytest.mark.parametrize(
    ("purpose", "seconds", "hint"),
    [("lading offer", 10.0, "end it if it hangs"), ("lading serve at http://127.0.0.1:8720", 3.0, "a node serves")],
)
def test_who_waits_is_told_for_whom_and_a_node_is_not_waited_for(
    tmp_path: Path, purpose: str, seconds: float, hint: str
) -> None:
    clock, told = Clock(), list[tuple[float, str]]()
    path = tmp_path / "lock"
    with FileLock(path, purpose=purpose), pytest.raises(LockHeld) as caught:
        FileLock(path, clock=clock, sleep=clock.sleep, on_wait=lambda text: told.append((clock.now, text))).acquire()
    assert clock.now == pytest.approx(seconds, abs=0.05)
    ((when, text),) = told
    assert when == pytest.approx(0.2, abs=0.05)
    assert text == f"waiting for process {os.getpid()} ({purpose}), which holds {path}"
    assert hint in caught.value.hint


def test_it_is_taken_as_soon_as_it_is_free(tmp_path: Path) -> None:
    first, clock = FileLock(tmp_path / "lock"), Clock()
    first.acquire()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        first.release()

    with FileLock(tmp_path / "lock", clock=clock, sleep=sleep):
        assert clock.now < 0.1


def test_it_is_not_reentrant(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock", timeout=0) as lock:
        with pytest.raises(LockHeld):
            lock.acquire()
        assert lock.held


HOLD = """
import pathlib, sys
from nodes.lock import FileLock
with FileLock(pathlib.Path(sys.argv[1]), purpose="other"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, path]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(LockHeld, match=f"process {other.pid} \\(other\\)"):
            FileLock(path, timeout=0).acquire()
        other.kill()
        other.wait()
    with FileLock(path, timeout=0):
        assert path.read_text().split() == [str(os.getpid())]


def test_nonsense_in_the_file_says_nothing_false(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path):
        path.write_bytes(b"\xff\x1b[31m 12 \x00" * 100)
        with pytest.raises(LockHeld, match=r"another process$") as caught:
            FileLock(path, timeout=0).acquire()
        assert "\x1b" not in caught.value.message


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc here")
    with FileLock(tmp_path / "lock"):
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(20):
            with pytest.raises(LockHeld):
                FileLock(tmp_path / "lock", timeout=0).acquire()
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_lock_that_cannot_be(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent" / "lock", tmp_path / "nul\x00"):
        with pytest.raises(CannotLock):
            FileLock(path).acquire()
