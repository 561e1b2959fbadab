"""The figures of one run, as values that go to JSON and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Case", "LedgerFigures", "OfflineFigures", "Results"]


@dataclass(frozen=True, slots=True)
class Case:
    """The whole path with so many records in the state, in batches of one size, on one core or several.

    `ratio` is that of actions a second to the verifications of an Ed25519 signature a second that one core
    made right before. The times are those from submitting a batch until it is acknowledged, durable; only for
    a batch of one is nothing else under way. `cpu_us` is the node's CPU time an action without the processes
    that verify.
    """

    records: int
    cores: int
    batch: int
    actions: int
    per_second: float
    ed25519_per_second: float
    ratio: float
    cpu_us: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """What else there is to say of a ledger with so many records."""

    records: int
    prepare_s: float
    open_s: float
    proof_us: float
    opened_mib: float
    worked_mib: float
    most_mib: float
    verifier_mib: float
    stages_us: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfflineFigures:
    """Verifying a bundle of twelve acts with its document: in a process that runs, and from cold."""

    bundle_bytes: int
    document_bytes: int
    verify_ms: float
    cold_ms: dict[str, float]
    """Command → median of the whole process's time; empty where the command is not installed."""


@dataclass(frozen=True, slots=True)
class Results:
    """All of it."""

    machine: dict[str, str | int]
    cases: tuple[Case, ...]
    ledgers: tuple[LedgerFigures, ...]
    offline: OfflineFigures
    rules_us: dict[str, float] = field(default_factory=dict)
    """Action of the bill of lading → µs that its rule costs."""

    def as_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)

    def case(self, records: int, cores: int, batch: int) -> Case | None:
        """One case, or nothing if it was not measured."""
        return _first(c for c in self.cases if (c.records, c.cores, c.batch) == (records, cores, batch))


def _first(cases: Iterable[Case]) -> Case | None:
    return next(iter(cases), None)
