"""One run of the benchmark: its parts one after another, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import nodes
from ledger.errors import UnavailableError

from .figures import Case, LedgerFigures, Results
from .machine import describe
from .offline import measure_offline
from .rules import measure_rules

__all__ = ["BenchFailed", "Options", "run"]

_PROFILED: Final = (1_000, 10)


class BenchFailed(UnavailableError):
    """A part of the benchmark ended early."""

    code = "bench.failed"
    hint = "what it printed says why; the benchmark needs 4 GB of disk for its largest ledger"


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured.

    `records` are the sizes of the state, `batches` those of a batch; `single` and `grouped` how many actions
    a case has, one by one and in batches; `warm` how many go before the first case; `folder` where the
    ledgers are made, which should be on the disk that a node would use.
    """

    records: tuple[int, ...] = (1_000, 100_000, 1_000_000)
    batches: tuple[int, ...] = (1, 100, 1_000)
    cores: tuple[int, ...] = (1, 2)
    single: int = 1_500
    grouped: int = 20_000
    warm: int = 10_000
    proofs: int = 2_000
    offline: int = 21
    rules: int = 2_000
    profile: bool = False
    folder: Path | None = None

    def quick(self) -> Options:
        """The same in some seconds, with small ledgers: that it works, not how fast."""
        return replace(
            self, records=(1_000, 10_000), single=100, grouped=2_000, warm=1_000, proofs=200, offline=3, rules=100
        )

    def actions(self, batch: int) -> int:
        """How many actions a case with batches of this size has."""
        return self.single if batch == 1 else max(self.grouped, batch)

    def profiled(self) -> list[int]:
        """The sizes of the batches whose stages are looked at."""
        size, count = _PROFILED
        return [size] * min(count, self.grouped // size) or [self.grouped] if self.profile else []


def run(options: Options, report: Callable[[str], None]) -> Results:
    """Measure; `report` gets a line of text for each step. Takes some 10 minutes with the usual options."""
    cases: list[Case] = []
    ledgers: list[LedgerFigures] = []
    with tempfile.TemporaryDirectory(prefix="lading-bench-", dir=options.folder or Path.cwd()) as name:
        report("verifying a bundle offline")
        offline = measure_offline(Path(name), options.offline)
        for records in options.records:
            folder = Path(name) / str(records)
            folder.mkdir()
            for figures in _ledger(folder, options, records, report):
                (cases if isinstance(figures, Case) else ledgers).append(figures)  # type: ignore[arg-type]
            for file in folder.iterdir():
                file.unlink()
    report("judging every action of the bill of lading")
    rules = measure_rules(options.rules)
    return Results(describe(), tuple(cases), tuple(ledgers), offline, rules)


def _ledger(
    folder: Path, options: Options, records: int, report: Callable[[str], None]
) -> Iterator[Case | LedgerFigures]:
    cases = [[cores, batch, options.actions(batch)] for batch in options.batches for cores in options.cores]
    total = options.warm + sum(case[2] for case in cases) + sum(options.profiled())
    report(f"making a ledger of {records:,} records, and {total:,} signed actions")
    start = time.perf_counter()
    for _ in _part("prepare", folder, {"records": records, "actions": total}):
        pass
    took = time.perf_counter() - start
    plan = {"records": records, "cases": cases, "profile": options.profiled()}
    plan |= {"warm": options.warm, "proofs": options.proofs}
    for line in _part("measure", folder, plan):
        read = json.loads(line)
        if "Case" in read:
            case = Case(**read["Case"])
            report(
                f"{records:,} records, {case.batch:,} a batch, {case.cores} core{'s' * (case.cores > 1)}: "
                f"{case.per_second:,.0f} actions a second, {case.ratio:.2f} of Ed25519"
            )
            yield case
        else:
            yield replace(LedgerFigures(**read["LedgerFigures"]), prepare_s=took)


def _part(part: str, folder: Path, plan: Mapping[str, object]) -> Iterator[str]:
    """Run a part as a process of its own; its lines."""
    command = [sys.executable, "-m", f"{__package__}._part", part, str(folder), json.dumps(plan)]
    paths = [str(Path(nodes.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        if process.stdout is not None:
            yield from process.stdout
    if process.returncode:
        raise BenchFailed(f"the part {part} of the benchmark ended with status {process.returncode}")
