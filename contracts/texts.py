"""The consortium's own texts, which stand in the log in parts: records of the kind `text`, joined in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger.record import Record

__all__ = ["TEXT", "joined_text"]

TEXT = "text"
"""The kind of a record that holds a part."""


def joined_text(parts: Iterable[bytes], find: Callable[[bytes], Record | None], limit: int) -> bytes | None:
    """What records of kind `text` hold together; nothing where one is missing, or all are longer than `limit` bytes."""
    read: list[bytes] = []
    size = 0
    for part in parts:
        record = find(part)
        if record is None or record.kind != TEXT:
            return None
        content: bytes = record.fields["content"]
        size += len(content)
        if size > limit:
            return None
        read.append(content)
    return b"".join(read)
