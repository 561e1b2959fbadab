"""The bytes of a store's rows, and what can be checked of a row by itself.

    previous    for each record that the entry changes the entry before: its index,
                a 64-bit big-endian integer
    undo        for each path that the height changed, in ascending order: path, 32 bytes ‖
                0x01 ‖ leaf before, 32 bytes, or where there was none 0x00 ‖ 32 zero bytes

Whatever does not fit raises `StoreDamaged`, with the place in its message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from struct import Struct
from typing import Any, Final

from ledger.chain import Head
from ledger.entry import Commit, read_entry
from ledger.errors import InputError
from ledger.hashing import HASH_SIZE, ZERO, record_key, state_value
from ledger.merkle import leaf_hash
from ledger.record import Item, content_key
from ledger.smt_hash import path_of

from .port import StoreDamaged, StoredEntry

__all__ = [
    "checked_commit",
    "checked_entry",
    "checked_hashes",
    "checked_head",
    "checked_item",
    "checked_leaf",
    "checked_row",
    "pack_previous",
    "pack_undo",
    "unpack_undo",
]

_UNDO: Final = Struct(">32s?32s")
_RECORD: Final = b"\xdc\x00\x15\xc4\x20"
"""How a record begins: an array of 21 elements, a byte string of 32."""
_RECORD_ID: Final = slice(5, 37)
_NUMBER: Final = b"\x93\xa6number\xc4\x20"
"""How a number's content begins: an array of 3 elements, its name, a byte string of 32."""
_NUMBER_KEY: Final = slice(10, 42)


def pack_previous(previous: tuple[int, ...]) -> bytes:
    """The entries before, as bytes."""
    if not previous:
        return b""
    return b"".join([index.to_bytes(8, "big") for index in previous])


def pack_undo(undo: Mapping[bytes, bytes | None]) -> bytes:
    """An undo record as bytes, 65 for each path."""
    pack = _UNDO.pack
    return b"".join([pack(path, leaf is not None, leaf or ZERO) for path, leaf in sorted(undo.items())])


def unpack_undo(height: int, data: Any) -> dict[bytes, bytes | None]:
    """An undo record from its bytes."""
    if type(data) is not bytes or len(data) % _UNDO.size:
        raise StoreDamaged(f"the undo record of height {height} is cut short", value=height)
    undo: dict[bytes, bytes | None] = {}
    for path, present, leaf in _UNDO.iter_unpack(data):
        undo[path] = leaf if present else None
    if pack_undo(undo) != data:
        raise StoreDamaged(f"the undo record of height {height} was changed", value=height)
    return undo


def checked_entry(index: int, leaf: Any, previous: Any, data: Any) -> StoredEntry:
    """An entry's row, compared with its leaf hash."""
    if type(leaf) is not bytes or type(previous) is not bytes or type(data) is not bytes:
        raise StoreDamaged(f"the row of entry {index} is malformed", value=index)
    if leaf_hash(data) != leaf:
        raise StoreDamaged(f"entry {index} does not have its leaf hash", value=index)
    if not previous:
        return StoredEntry(index, data, leaf, ())
    if len(previous) % 8:
        raise StoreDamaged(f"the links of entry {index} are cut short", value=index)
    links = [previous[at : at + 8] for at in range(0, len(previous), 8)]
    before = tuple(int.from_bytes(link, "big") for link in links)
    if not 0 <= min(before) <= max(before) < index:
        raise StoreDamaged(f"entry {index} links to a later one, or to none", value=index)
    return StoredEntry(index, data, leaf, before)


def checked_commit(height: int, entry: StoredEntry) -> Commit:
    """The commit of `height`, which this entry must be."""
    try:
        commit = read_entry(entry.data)
    except InputError as exc:
        raise StoreDamaged(
            f"entry {entry.index}, the commit of height {height}, cannot be read: {exc.message}",
            value=entry.index,
        ) from None
    if not isinstance(commit, Commit) or (commit.height, commit.index) != (height, entry.index):
        raise StoreDamaged(f"entry {entry.index} is not the commit of height {height}", value=entry.index)
    return commit


def checked_head(height: int, entry: StoredEntry, end: int, signed: int | None) -> Head:
    """The head after the commit of `height`, in a log that ends with entry `end`.

    `signed` is the size of the newest checkpoint: a log that ends before it was cut short, and a
    node that went on from there would sign what contradicts its own signature.
    """
    commit = checked_commit(height, entry)
    size = entry.index + 1
    if entry.index != end:
        raise StoreDamaged(f"the log ends at entry {end}, which is no commit", value=end)
    if signed is not None and signed > size:
        raise StoreDamaged(f"the log of size {size} has a checkpoint of size {signed}", value=size)
    return Head(height, commit.time, size, entry.leaf, commit.state_root)


def checked_leaf(path: Any, leaf: Any) -> tuple[bytes, bytes]:
    """A state row's path and leaf hash, of 32 bytes each."""
    if type(path) is not bytes or type(leaf) is not bytes or not len(path) == len(leaf) == HASH_SIZE:
        raise StoreDamaged(f"a state row is malformed, at {_shown(path)}", value=path)
    return path, leaf


def checked_row(path: Any, leaf: Any, salt: Any, content: Any) -> tuple[bytes, bytes, Item]:
    """A state row, of which nothing but types and sizes is checked."""
    checked_leaf(path, leaf)
    if type(salt) is not bytes or type(content) is not bytes or len(salt) != HASH_SIZE:
        raise StoreDamaged(f"the state row at {_shown(path)} is malformed", value=path)
    return path, leaf, Item(salt, content)


def checked_item(path: Any, leaf: Any, salt: Any, content: Any) -> Item:
    """A state row's item, compared with path and leaf."""
    if type(content) is not bytes or type(salt) is not bytes or len(salt) != HASH_SIZE:
        raise StoreDamaged(f"the state row at {_shown(path)} is malformed", value=path)
    # The key without decoding what is compared with a hash right after.
    if content.startswith(_RECORD) and len(content) > _RECORD_ID.stop:
        key = record_key(content[_RECORD_ID])
    elif content.startswith(_NUMBER) and len(content) > _NUMBER_KEY.stop:
        key = content[_NUMBER_KEY]
    else:
        key = _decoded_key(path, content)
    value = state_value(salt, key, content)
    # `path` is SHA-256(key), so this is `smt_hash.leaf_hash(key, value)` with one hash less.
    if path != path_of(key) or sha256(b"\x00" + path + sha256(value).digest()).digest() != leaf:
        raise StoreDamaged(f"what stands at {_shown(path)} does not have its leaf hash", value=path)
    return Item(salt, content)


def _decoded_key(path: Any, content: bytes) -> bytes:
    try:
        return content_key(content)
    except InputError as exc:
        raise StoreDamaged(f"what stands at {_shown(path)} cannot be read: {exc.message}", value=path) from None


def checked_hashes(place: str, rows: Iterable[tuple[Any, Any]], first: int) -> list[bytes]:
    """The hashes of rows (number, hash) that must be numbered from `first` without a gap."""
    hashes = []
    for expected, (number, digest) in enumerate(rows, first):
        if number != expected or type(digest) is not bytes or len(digest) != HASH_SIZE:
            raise StoreDamaged(f"the hash {expected} of {place} is missing or malformed", value=expected)
        hashes.append(digest)
    return hashes


def _shown(path: Any) -> str:
    return path.hex() if isinstance(path, bytes) else repr(path)[:80]
