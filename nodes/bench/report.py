"""The figures as tables for a person; with rich where it is installed, else with spaces."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Final

from .figures import Case, LedgerFigures, Results
from .rules import GOAL_US
from .stages import BUDGET

__all__ = ["render"]

_Table = tuple[str, Sequence[str], list[Sequence[str]]]

_MIDDLE: Final = 100_000
"""Records of the ledger for which the goals are set; a larger one is to reach 0.6 of them."""
_GOALS: Final = {1: 0.30, 2: 0.45}
_LARGER: Final = 0.6


def render(results: Results) -> str:
    """All tables as text."""
    tables = [_whole_path(results), *_ledgers(results), _offline(results), _rules(results)]
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    return "\n\n".join([machine, *map(_drawn, tables)]) + "\n"


def _whole_path(results: Results) -> _Table:
    head = ("records", "batch", "cores", "actions/s", "Ed25519/s", "ratio", "goal", "CPU µs", "p50 ms", "p95 ms")
    rows: list[Sequence[str]] = [
        (
            f"{case.records:,}", f"{case.batch:,}", str(case.cores), f"{case.per_second:,.0f}",
            f"{case.ed25519_per_second:,.0f}", f"{case.ratio:.2f}", _goal(case), f"{case.cpu_us:.0f}",
            f"{case.p50_ms:.2f}", f"{case.p95_ms:.2f}",
        )
        for case in results.cases
    ]  # fmt: skip
    return "Whole path: signature, rule, tree, log, SQLite FULL; ratio to one core's Ed25519 verification", head, rows


def _goal(case: Case) -> str:
    if case.batch == 1:
        return "p95 < 10 ms"
    goal = _GOALS.get(case.cores)
    if case.batch < 1000 or case.records < _MIDDLE or goal is None:
        return ""
    return f"≥ {goal if case.records == _MIDDLE else goal * _LARGER:.2f}"


def _ledgers(results: Results) -> Iterator[_Table]:
    head = ("records", "open s", "state proof µs", "MiB opened", "MiB at work", "MiB at most", "verifier MiB")
    rows: list[Sequence[str]] = [
        (
            f"{one.records:,}", f"{one.open_s:.2f}", f"{one.proof_us:.0f}", f"{one.opened_mib:.0f}",
            f"{one.worked_mib:.0f}", f"{one.most_mib:.0f}", f"{one.verifier_mib:.0f}",
        )
        for one in results.ledgers
    ]  # fmt: skip
    yield "One node (goal: less than 500 MB with 1,000,000 records)", head, rows
    for one in results.ledgers:
        if one.stages_us:
            yield _stages(one)


def _stages(one: LedgerFigures) -> _Table:
    rows: list[Sequence[str]] = [
        (stage, f"{spent:.1f}", f"{BUDGET[stage]:.0f}", "over" if spent > BUDGET[stage] else "")
        for stage, spent in one.stages_us.items()
    ]
    rows.append(("together", f"{sum(one.stages_us.values()):.1f}", f"{sum(BUDGET.values()):.0f}", ""))
    return f"CPU time by stage, {one.records:,} records, in batches", ("stage", "µs an action", "budget", ""), rows


def _offline(results: Results) -> _Table:
    one = results.offline
    rows: list[Sequence[str]] = [("in a process that runs", f"{one.verify_ms:.2f}", "< 5 ms")]
    rows += [(f"{name}, from cold", f"{passed:.0f}", "< 150 ms") for name, passed in one.cold_ms.items()]
    title = f"Verifying a bundle of {one.bundle_bytes:,} bytes: 12 acts, a document of {one.document_bytes:,} bytes"
    return title, ("", "ms", "goal"), rows


def _rules(results: Results) -> _Table:
    """The dearest actions, and the one in the middle."""
    dearest = sorted(results.rules_us.items(), key=lambda one: -one[1])
    rows: list[Sequence[str]] = [(name, f"{spent:.1f}", f"< {GOAL_US:.0f} µs") for name, spent in dearest[:5]]
    if dearest:
        rows.append((f"the middle one of {len(dearest)}", f"{dearest[len(dearest) // 2][1]:.1f}", ""))
    return "What a rule costs in the interpreter: the dearest actions of the bill of lading", ("", "µs", "goal"), rows


def _drawn(table: _Table) -> str:
    title, head, rows = table
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table
    except ModuleNotFoundError:
        return _plain(title, [head, *rows])
    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for at, name in enumerate(head):
        drawn.add_column(name, justify="left" if at == 0 and name == "" else "right")
    for row in rows:
        drawn.add_row(*row)
    console = Console(file=io.StringIO(), width=110, color_system=None)
    with console.capture() as captured:
        console.print(drawn)
    return captured.get().rstrip()


def _plain(title: str, rows: list[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([title, "", *lines])
