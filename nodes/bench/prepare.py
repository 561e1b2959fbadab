"""Making what one part of the benchmark needs: a ledger and signed transactions. In a process of its own.

`FOLDER/ledger.db` is a ledger with that many bills, every second one accepted by its first holder. Rules,
state tree and log are the real ones, but the signatures of these first entries are zeros, which nobody
checks: that saves their time, and nothing measured rests on it. `FOLDER/entries` holds the actions that
follow, signed: each as its size, 4 bytes big-endian, and its bytes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from ledger.store.sqlite import open_sqlite
from ledger.transaction import SignedTransaction
from nodes.engines.solo import Done, SoloEngine, collector_paused
from nodes.tables import shipped_tables

from .trade import Trade

__all__ = ["now_ms", "prepare", "read_entries"]

_BATCH: Final = 10_000


def now_ms() -> int:
    """The machine's clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def prepare(folder: Path, records: int, actions: int) -> None:
    """Write both files."""
    with collector_paused():  # nothing here is ever thrown away
        trade = Trade(now_ms())
        _fill(folder / "ledger.db", trade, records)
        with (folder / "entries").open("wb") as file:
            for _ in range(actions):
                entry = trade.action().entry
                file.write(len(entry).to_bytes(4, "big") + entry)


def _fill(path: Path, trade: Trade, records: int) -> None:
    store = open_sqlite(path, create=True, cache_mib=256)
    try:
        engine = SoloEngine.found(store, trade.genesis, shipped_tables(), now_ms)
        unsigned = _first_acts(trade, records)
        while batch := list(islice(unsigned, _BATCH)):
            for result in engine.commit(batch):
                if not isinstance(result, Done):
                    raise result
        if engine.chain.head is not None:
            store.prune_undos(engine.chain.head.height)
    finally:
        store.close()


def _first_acts(trade: Trade, records: int) -> Iterator[SignedTransaction]:
    for number in range(records):
        yield trade.issue(signed=False)
        if number % 2:
            yield trade.move(number, signed=False)


def read_entries(path: Path) -> Iterator[bytes]:
    """The entries of a file that `prepare` wrote."""
    with path.open("rb") as file:
        while size := file.read(4):
            yield file.read(int.from_bytes(size, "big"))
