"""A record as it was before, from the acts in the log.

The state keeps the newest content of a record alone. An act on several records, or one by which a record succeeds
another, is replayed with the others as they were before it, from their own acts.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.founding import founding_outcome
from contracts.replay import Before, replay_record
from ledger.record import Record
from nodes.reader import Act, LedgerReader

__all__ = ["founded_record", "record_after", "records_before"]


def founded_record(reader: LedgerReader, record_id: bytes) -> Record | None:
    """A record as the genesis has it, or nothing."""
    found = founding_outcome(*reader.founding).records.get(record_id)
    return None if found is None else found[1]


def record_after(
    reader: LedgerReader, record_id: bytes, acts: Iterable[Act], start: Record | None = None
) -> Record | None:
    """A record after some of its acts: from `start`, or from its first act."""
    listed = [(act.index, act.time, act.signed) for act in acts]
    return replay_record(reader.rules, start, listed, records_before(reader), record_id)


def records_before(reader: LedgerReader) -> Before:
    """What gives other records as they were before an entry.

    Each is replayed once, the oldest first, however long a succession is and however often it splits and merges.
    """
    known: dict[tuple[bytes, int], Record | None] = {}

    def before(record_id: bytes, index: int) -> Record | None:
        waiting = [(record_id, index)]
        while waiting:
            one, end = waiting[-1]
            if (one, end) in known:
                waiting.pop()
                continue
            acts = _acts_before(reader, one, end)
            others = {(other, act.index) for act in acts for other in _others(act, one)} - known.keys()
            if others:
                waiting += sorted(others)
                continue
            listed = [(act.index, act.time, act.signed) for act in acts]
            founded = founded_record(reader, one)
            known[one, end] = replay_record(reader.rules, founded, listed, lambda *of: known.get(of), one)
        return known[record_id, index]

    return before


def _acts_before(reader: LedgerReader, record_id: bytes, index: int) -> list[Act]:
    record = reader.find(record_id)
    return [] if record is None else [act for act in reader.history(record) if act.index < index]


def _others(act: Act, record_id: bytes) -> list[bytes]:
    """The other records that an act names."""
    return [target.record for target in act.signed.transaction.targets if target.record != record_id]
