"""A process that dies, and a disk that has only a part: whole batches, and all that was acknowledged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.batches import Script, compare

from ledger.store.sqlite import open_sqlite

TESTS = Path(__file__).resolve().parents[1]
WRITER = """
import sys
sys.path[:0] = [sys.argv[2], sys.argv[3]]
from support.batches import Script
from ledger.store.sqlite import open_sqlite

store = open_sqlite(sys.argv[1], create=True)
head = store.head()
script = Script(21)
for height in range(1_000_000):
    batch = script.batch(40)
    if head is None or height > head.height:
        store.append(batch)
        print(height, flush=True)
"""


def written(heights: int, actions: int = 40) -> Script:
    script = Script(21)
    for _ in range(heights):
        script.batch(actions)
    return script


def test_a_process_killed_while_it_writes_leaves_whole_batches(tmp_path):
    """Each round kills the writer at another moment and lets the next go on where the store stands."""
    path = tmp_path / "ledger.db"
    command = [sys.executable, "-c", WRITER, str(path), str(TESTS), str(TESTS.parent)]
    acknowledged = -1
    for spins in (0, 3_000, 11_000, 30_000, 70_000):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(4):
                acknowledged = int(writer.stdout.readline())
            for _ in range(spins):
                pass
            writer.kill()
            for line in writer.stdout:
                acknowledged = int(line)
        with closing(open_sqlite(path)) as store:
            head = store.head()
            assert head is not None
            assert head.height - acknowledged in (0, 1)
            compare(store, written(head.height + 1))
            assert store.integrity() == []
    assert acknowledged >= 19


@pytest.mark.parametrize("part", range(24))
def test_a_log_of_sqlite_that_was_not_all_written_leaves_whole_batches(tmp_path, part):
    """What a crash of the machine can leave of the WAL is its beginning, up to any byte."""
    path, copy = tmp_path / "ledger.db", tmp_path / "copy.db"
    script = written(2, 30)
    with closing(open_sqlite(path, create=True)) as store:
        for batch in script.batches:
            store.append(batch)
    with closing(open_sqlite(path)) as store:
        sizes = [0]
        wal = path.with_name("ledger.db-wal")
        for _ in range(3):
            store.append(script.batch(5))
            sizes.append(wal.stat().st_size)
        cut = wal.stat().st_size * part // 23
        shutil.copy(path, copy)
        copy.with_name("copy.db-wal").write_bytes(wal.read_bytes()[:cut])
    whole = sum(size <= cut for size in sizes) - 1
    with closing(open_sqlite(copy)) as store:
        head = store.head()
        assert head == script.batches[1 + whole].head
        again = written(2, 30)
        for _ in range(whole):
            again.batch(5)
        compare(store, again)
        store.append(again.batch(7))
        compare(store, again)
