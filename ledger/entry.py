"""The three kinds of entry of the log, each an array of canonical MessagePack whose first element is its name.

    ["lading/transaction@1", body, signatures]                            ledger.transaction
    ["lading/text@1", kind, hash, part, parts, content]                   one of the consortium's own texts
    ["lading/commit@1", height, time, size before, index, state root, previous]

A **text** (the genesis, a rule table) is cut into parts of 24,576 bytes, the last one shorter; `hash` is
the SHA-256 of the whole, `part` counts from 0.

A **commit** closes a batch: `time` is ledger time in Unix milliseconds, `size before` the number of
entries before the batch, `index` its own, `state root` the root of the state tree after the batch,
`previous` the leaf hash of the commit before (32 zero bytes in the first): the hash chain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from . import codec
from .errors import ContradictionError, InputError
from .transaction import MAX_INTEGER, TRANSACTION, SignedTransaction

__all__ = [
    "COMMIT",
    "TEXT",
    "BadEntry",
    "Commit",
    "Text",
    "TextMismatch",
    "join_texts",
    "read_entry",
    "split_text",
]

TEXT: Final = "lading/text@1"
COMMIT: Final = "lading/commit@1"
PART_SIZE: Final = 24_576
MAX_PARTS: Final = 512


class BadEntry(InputError):
    """Canonical MessagePack, but no entry of a log of this kind."""

    code = "entry.malformed"
    hint = "docs/spec.md, section Entries, has the three forms"


class TextMismatch(ContradictionError):
    """The parts of a text do not make the text that they name."""

    code = "entry.text_mismatch"
    hint = "the log was changed, or was not written by lading"


@dataclass(frozen=True, slots=True)
class Text:
    """One part of one of the consortium's own texts."""

    kind: str
    hash: bytes
    part: int
    parts: int
    content: bytes

    def encode(self) -> bytes:
        """The entry."""
        return codec.encode([TEXT, self.kind, self.hash, self.part, self.parts, self.content])


@dataclass(frozen=True, slots=True)
class Commit:
    """The entry that closes a batch."""

    height: int
    time: int
    size_before: int
    index: int
    state_root: bytes
    previous: bytes

    def encode(self) -> bytes:
        """The entry."""
        return codec.encode(
            [
                COMMIT,
                self.height,
                self.time,
                self.size_before,
                self.index,
                self.state_root,
                self.previous,
            ]
        )


def read_entry(raw: bytes) -> SignedTransaction | Text | Commit:
    """Read an entry of any kind. Raises errors of `ledger.codec`, `BadEntry` or `BadTransaction`."""
    value = codec.decode(raw)
    name = value[0] if type(value) is list and value else None
    if name == TRANSACTION:
        return SignedTransaction.decode(raw)
    if name == COMMIT:
        return _read_commit(value)
    if name == TEXT:
        return _read_text(value)
    raise BadEntry("not an entry of a log of lading", value=raw[:32])


def _read_commit(value: list[Any]) -> Commit:
    if [type(item) for item in value[1:]] != [int, int, int, int, bytes, bytes]:
        raise BadEntry("a commit has seven elements")
    _, height, time, before, index, root, previous = value
    numbers = (height, time, before, index)
    if min(numbers) < 0 or max(numbers) > MAX_INTEGER or before > index or not len(root) == len(previous) == 32:
        raise BadEntry("an element of a commit is out of its range", value=index)
    return Commit(height, time, before, index, root, previous)


def _read_text(value: list[Any]) -> Text:
    if [type(item) for item in value[1:]] != [str, bytes, int, int, bytes]:
        raise BadEntry("a text has six elements")
    _, kind, digest, part, parts, content = value
    if len(digest) != 32 or not 0 <= part < parts <= MAX_PARTS or len(kind) > 64:
        raise BadEntry("an element of a text is out of its range", value=part)
    full = part < parts - 1
    if len(content) > PART_SIZE or (full and len(content) < PART_SIZE) or (not content and parts > 1):
        raise BadEntry("a part of a text is not of the size that its place asks for", value=len(content))
    return Text(kind, digest, part, parts, content)


def split_text(kind: str, content: bytes) -> list[Text]:
    """The parts of a text, in order."""
    digest = sha256(content).digest()
    pieces = [content[at : at + PART_SIZE] for at in range(0, max(1, len(content)), PART_SIZE)]
    if len(pieces) > MAX_PARTS:
        raise codec.TooLarge(f"a text of {len(content):,} bytes does not fit the log", value=len(content))
    return [Text(kind, digest, part, len(pieces), piece) for part, piece in enumerate(pieces)]


def join_texts(parts: Iterable[Text]) -> tuple[str, bytes, bytes]:
    """Kind, hash and content of a text from all its parts in order. Raises `TextMismatch`."""
    listed = list(parts)
    if not listed or [(p.part, p.parts) for p in listed] != [(n, len(listed)) for n in range(len(listed))]:
        raise TextMismatch("the parts of a text are not complete or not in order")
    first = listed[0]
    content = b"".join(part.content for part in listed)
    if any((p.kind, p.hash) != (first.kind, first.hash) for p in listed):
        raise TextMismatch("parts of different texts stand together", value=first.hash)
    if sha256(content).digest() != first.hash:
        raise TextMismatch(f"the {first.kind} does not have the hash that it is named by", value=first.hash)
    return first.kind, first.hash, content
