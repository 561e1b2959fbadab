"""Audit: everything that a ledger stores is read again from its bytes, with no trust in what was derived from it.

    log          every entry ↔ its leaf hash ↔ the stored hashes above it ↔ the root of every checkpoint
    rules        the whole log replayed; every commit, state row, undo record and link is what the rules make
    signatures   of the log and of the cosigners, on every checkpoint
    file         what the database itself finds wrong

A difference names table and row, and the record and the entry where they are known. Nothing is mended. What no
audit of one copy can find: rows that were taken away whole at the end (the newest undo records, cosignatures, or
entries together with every checkpoint over them); other members' memories show that, where they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ledger.policy import Policy
from ledger.quorum import Quorum
from ledger.store.raw import raw_rows
from ledger.store.sqlite import SqliteStore
from nodes.audit_findings import Difference, Findings
from nodes.audit_log import LogAudit, Watched
from nodes.audit_signatures import SignatureAudit
from nodes.audit_state import StateAudit, check_meta

__all__ = ["AuditReport", "audit_store"]


@dataclass(slots=True)
class AuditReport:
    """What an audit read and what it found; `count` differences, of which the first are listed."""

    ledger: bytes = b""
    entries: int = 0
    heights: int = 0
    records: int = 0
    checkpoints: int = 0
    signatures: int = 0
    root: bytes = b""
    replayed: bool = False
    newest: Quorum | None = None
    agreed: Quorum | None = None
    differences: list[Difference] = field(default_factory=list)
    count: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.count

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON output."""
        return {
            "clean": self.clean,
            "ledger": self.ledger.hex() or None,
            "entries": self.entries,
            "heights": self.heights,
            "records": self.records,
            "checkpoints": self.checkpoints,
            "signatures": self.signatures,
            "root": self.root.hex() or None,
            "replayed": self.replayed,
            "newest_checkpoint": _quorum(self.newest),
            "newest_with_quorum": _quorum(self.agreed),
            "difference_count": self.count,
            "differences": [difference.as_dict() for difference in self.differences],
        }


def audit_store(
    store: SqliteStore,
    policy: Policy | None = None,
    *,
    ledger: bytes | None = None,
    watched: Watched | None = None,
    progress: Callable[[int], None] = lambda entries: None,
) -> AuditReport:
    """Audit one store.

    `policy` says whose signatures count; without one there must be no checkpoints to check, as in a replica.
    `ledger` is the id that the genesis must have. `watched` are roots that others remember, by size. `progress`
    is told how many entries have been read.
    """
    found = Findings()
    for line in found.reading("file", ((line,) for line in store.integrity())):
        found.add("file", "-", line[0])
    with raw_rows(store) as raw:
        check_meta(raw, found)
        log = LogAudit(raw, found, watched=watched or {}, progress=progress)
        try:
            log.run()
            if log.genesis is not None and ledger is not None and log.genesis.id != ledger:
                found.add("lading_entry", "idx 0", "the genesis is not the one that this home is pinned to", entry=0)
            state = StateAudit(raw, found)
            if log.replay is not None:
                state.compare(log.scratch)
            else:
                state.weigh(log.last)
        finally:
            log.scratch.close()
        signatures = SignatureAudit(raw, found, policy or Policy())
        if policy is not None:
            signatures.run(state.cosigners)
    return AuditReport(
        ledger=log.genesis.id if log.genesis else b"",
        entries=log.size,
        heights=log.heights,
        records=state.records,
        checkpoints=signatures.checkpoints,
        signatures=signatures.signatures,
        root=log.root,
        replayed=log.replay is not None,
        newest=signatures.newest,
        agreed=signatures.agreed,
        differences=found.listed,
        count=found.count,
    )


def _quorum(quorum: Quorum | None) -> dict[str, Any] | None:
    if quorum is None:
        return None
    return {
        "size": quorum.checkpoint.size,
        "root": quorum.checkpoint.root.hex(),
        "quorum": quorum.holds,
        "cosigned": [witness.name for witness in quorum.cosigned],
        "missing": [witness.name for witness in quorum.missing],
        "independent": quorum.independent,
    }
