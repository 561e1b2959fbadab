"""Measuring the whole path on one ledger that `prepare` has made. In a process of its own.

The ledger is opened as a node opens it, and actions come through the committer as they come to a node; so
the memory of the process is that of a node. The plan is what `runner` makes of its options:

    {"records": 1000, "warm": 500, "cases": [[cores, batch, actions], ...], "proofs": 500, "profile": [1000, ...]}
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

from ledger.errors import LadingError
from ledger.ics23 import encode, prove_membership
from ledger.record import content_key
from ledger.store.port import Store
from ledger.store.sqlite import open_sqlite
from nodes.engines.committer import GroupCommitter
from nodes.engines.solo import Result, SoloEngine
from nodes.verifier import InlineVerifier, Verifier, WorkerVerifier

from .figures import Case, LedgerFigures
from .machine import ed25519_rate, one_core, resident_mib
from .prepare import now_ms, read_entries
from .stages import profile

__all__ = ["CACHE_MIB", "measure"]

CACHE_MIB: Final = 16
"""What each connection may keep of the file; more gains nothing, since the system keeps the file too."""
_AHEAD: Final = 4
"""Batches that are submitted before the first of them is answered."""


def measure(folder: Path, plan: dict[str, Any]) -> Iterator[Case | LedgerFigures]:
    """The figures, one after another."""
    store = open_sqlite(folder / "ledger.db", cache_mib=CACHE_MIB)
    start = time.perf_counter()
    engine = SoloEngine.open(store, now_ms)
    open_s = time.perf_counter() - start
    opened, _ = resident_mib()
    verifier_mib = 0.0
    entries = read_entries(folder / "entries")
    try:
        _many(engine, InlineVerifier(), list(islice(entries, plan["warm"])), 1000)
        for cores, batch, actions in plan["cases"]:
            case, helper = _case(engine, plan["records"], cores, batch, list(islice(entries, actions)))
            verifier_mib = max(verifier_mib, helper)
            yield case
        worked, most = resident_mib()
        batches = [list(islice(entries, size)) for size in plan["profile"]]
        yield LedgerFigures(
            records=plan["records"],
            prepare_s=0.0,
            open_s=open_s,
            proof_us=_proof_us(engine, store, plan["proofs"]),
            opened_mib=opened,
            worked_mib=worked,
            most_mib=most,
            verifier_mib=verifier_mib,
            stages_us=profile(engine, batches) if batches else {},
        )
    finally:
        store.close()


def _case(engine: SoloEngine, records: int, cores: int, batch: int, entries: Sequence[bytes]) -> tuple[Case, float]:
    """One case, and the memory of the process that verified in it."""
    rate, helper = ed25519_rate(), 0.0
    with one_core(cores == 1):
        verifier = _verifier(cores)
        try:
            cpu, start = time.process_time(), time.perf_counter()
            times = (_single if batch == 1 else _many)(engine, verifier, entries, batch)
            passed, cpu = time.perf_counter() - start, time.process_time() - cpu
            if isinstance(verifier, WorkerVerifier):
                helper = sum(resident_mib(pid)[0] for pid in verifier.pids)
        finally:
            verifier.close()
    times.sort()
    return Case(
        records=records,
        cores=cores,
        batch=batch,
        actions=len(entries),
        per_second=len(entries) / passed,
        ed25519_per_second=rate,
        ratio=len(entries) / passed / rate,
        cpu_us=cpu / len(entries) * 1e6,
        p50_ms=times[len(times) // 2] * 1e3,
        p95_ms=times[len(times) * 95 // 100] * 1e3,
    ), helper


def _verifier(cores: int) -> Verifier:
    if cores == 1:
        return InlineVerifier()
    verifier = WorkerVerifier(cores - 1)
    verifier.wait_ready()
    return verifier


def _single(engine: SoloEngine, verifier: Verifier, entries: Sequence[bytes], _batch: int) -> list[float]:
    """One action after another; how long each took until it was acknowledged."""
    times = []
    with GroupCommitter(engine, verifier) as committer:
        for entry in entries:
            start = time.perf_counter()
            _check([committer.submit(entry).result()])
            times.append(time.perf_counter() - start)
    return times


def _many(engine: SoloEngine, verifier: Verifier, entries: Sequence[bytes], batch: int) -> list[float]:
    """Batch after batch, a few ahead; how long each took."""
    waiting: deque[tuple[float, Future[list[Result]]]] = deque()
    times = []
    with GroupCommitter(engine, verifier, max_batch=batch) as committer:
        for at in range(0, len(entries), batch):
            if len(waiting) == _AHEAD:
                times.append(_wait(*waiting.popleft()))
            waiting.append((time.perf_counter(), committer.submit_many(entries[at : at + batch])))
        times += [_wait(*one) for one in waiting]
    return times


def _wait(start: float, future: Future[list[Result]]) -> float:
    _check(future.result())
    return time.perf_counter() - start


def _check(results: Sequence[Result]) -> None:
    for result in results:
        if isinstance(result, LadingError):
            raise result


def _proof_us(engine: SoloEngine, store: Store, count: int) -> float:
    """How long it takes to read a row of the state, prove it under the newest root, and encode the proof."""
    tree = engine.chain.tree
    paths = [path for path, _ in store.leaves()]
    drawn = Random(2).sample(paths, min(count, len(paths)))  # noqa: S311 - a figure's, not a secret's
    start = time.perf_counter()
    for path in drawn:
        item = store.items([path], tree.leaf)[path]
        key = content_key(item.content)
        encode(prove_membership(tree.at(), key, item.value(key)))
    return (time.perf_counter() - start) / len(drawn) * 1e6
