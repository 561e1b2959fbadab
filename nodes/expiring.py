"""Documents that end by their own date, such as certificates: announced before it, as a key's end is.

    certificate 1f0c2a9b7d3e expires at 2026-12-14T00:00:00Z: a new one is needed by then

Whoever issued a document or is in control of it, or of a record that it is bound to, is told, from 30 days before its
field `expires` on and until the record has ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.record import Record
from ledger.times import iso
from nodes.enrolment import SOON
from nodes.reader import LedgerReader

__all__ = ["concerns", "expiring", "expiry_of"]

_FIELD = b"\xa7expires"
"""The name of the field as it stands in a record's bytes, so that other records need not be decoded."""


def expiring(reader: LedgerReader, member: bytes, now: int) -> Iterator[str]:
    """What a member must know of documents that it holds or issued. `now` is in Unix milliseconds."""
    for _, _, item in reader.store.all_items():
        if _FIELD in item.content and not item.content.startswith(b"\x93"):
            record = Record.decode(item.content)
            if concerns(reader, record, member):
                yield from expiry_of(reader, record, now)


def concerns(reader: LedgerReader, record: Record, member: bytes) -> bool:
    """Whether a member issued a document or is in control of it, or of a record that it is bound to."""
    if member in (record.controller, record.issuer):
        return True
    bound = (reader.find(one) for one in record.fields.get("bound_to") or ())
    return any(one is not None and one.controller == member for one in bound)


def expiry_of(reader: LedgerReader, record: Record, now: int) -> Iterator[str]:
    """That a record's document ends within 30 days or has ended, while its state does not say so; else nothing."""
    end = record.fields.get("expires")
    if type(end) is not int or end - now > SOON:
        return
    version, status = reader.rules.standing(record)
    table = reader.rules.tables.get((record.kind, version))
    if table is None or (status in table.states and table.states[status].terminal):
        return
    named = f"{record.kind.replace('_', ' ')} {record.id.hex()[:12]}"
    if end <= now:
        yield f"{named} expired at {iso(end)}, though its state is still {status.replace('_', ' ')}"
    else:
        yield f"{named} expires at {iso(end)}: a new one is needed by then"
