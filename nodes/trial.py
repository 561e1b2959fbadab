"""What the rules would say of a transaction now, without submitting it."""

from __future__ import annotations

from contracts.apply import apply_batch
from ledger.codec import decode
from ledger.errors import LadingError
from ledger.record import MAX_CONTENT, Record
from ledger.transaction import SignedTransaction
from nodes.reader import LedgerReader

__all__ = ["StateOfReader", "refusal"]


class StateOfReader:
    """The state as a ledger's reader finds it, as `contracts.apply.StateView` asks for it."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader

    def record(self, record_id: bytes) -> Record | None:
        """A record, or nothing."""
        return self._reader.find(record_id)

    def number(self, key: bytes) -> bytes | None:
        """The id of the record that holds a number, or nothing."""
        item = self._reader.item(key)
        return None if item is None else bytes(decode(item.content, limit=MAX_CONTENT)[2])


def refusal(reader: LedgerReader, signed: SignedTransaction, time: int) -> LadingError | None:
    """Why the rules would refuse an admitted transaction at a ledger time (Unix milliseconds), or nothing."""
    head = reader.head
    outcome = apply_batch(
        reader.rules, StateOfReader(reader), [signed], max(time, head.time), head.size, head.height + 1
    )
    return outcome.refused[0].error if outcome.refused else None
