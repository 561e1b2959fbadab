"""Hash rules of the state tree: the compact sparse Merkle tree of the ICS23 `SmtSpec`.

    path        = SHA-256(key)             32 bytes, bits taken most significant first
    leaf        = SHA-256(0x00 ‖ SHA-256(key) ‖ SHA-256(value))
    inner node  = SHA-256(0x01 ‖ left ‖ right)
    empty       = 32 zero bytes

A subtree that holds one leaf *is* that leaf's hash, at whatever depth it stands, so a leaf has no
empty siblings below the first inner node above it. A subtree with an empty half and several leaves
in the other is an ordinary inner node over 32 zero bytes. The root depends on the set of
(key, value) pairs alone, never on the order in which they came.

Leaves are kept as *records*: `path ‖ leaf`, 64 bytes, sorted by path.

Source: https://github.com/cosmos/ics23/blob/go/v0.11.0/go/proof.go (`SmtSpec`), celestiaorg/smt.
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import Final

from .errors import InputError

__all__ = [
    "EMPTY",
    "HASH_SIZE",
    "MAX_TREE_DEPTH",
    "BadPair",
    "check_size",
    "fold",
    "leaf_hash",
    "node_hash",
    "path_of",
]

HASH_SIZE: Final = 32
"""Bytes of a path and of every hash."""
MAX_TREE_DEPTH: Final = 256
"""Most inner nodes between the root and a leaf."""
EMPTY: Final = bytes(HASH_SIZE)
"""Hash of a subtree without leaves; the root of the empty tree."""

_INNER: Final = b"\x01"
_LEFT_EMPTY: Final = _INNER + EMPTY
_HEADS: Final = tuple(Struct(">" + "Q56x" * count) for count in range(33))


class BadPair(InputError):
    """A path or a leaf that is not 32 bytes, or paths that do not ascend."""

    code = "smt.bad_pair"
    hint = "paths and leaf hashes are 32 bytes; a tree is built from pairs sorted by path"


def check_size(path: bytes) -> None:
    """Refuse with `BadPair` a path that is not 32 bytes."""
    if len(path) != HASH_SIZE:
        raise BadPair(f"a path of {len(path)} bytes", value=path)


def path_of(key: bytes) -> bytes:
    """Where `key` stands in the tree: SHA-256(key), 32 bytes."""
    return sha256(key).digest()


def leaf_hash(key: bytes, value: bytes) -> bytes:
    """SHA-256(0x00 ‖ SHA-256(key) ‖ SHA-256(value)), 32 bytes (`SmtSpec` leaf operation)."""
    return sha256(b"\x00" + sha256(key).digest() + sha256(value).digest()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes (`SmtSpec` inner operation)."""
    return sha256(_INNER + left + right).digest()


def fold(records: bytes, depth: int) -> bytes:
    """Hash of the subtree at `depth` that holds exactly these records.

    `records` is any number of 64-byte records, sorted, whose paths share their first `depth` bits.
    """
    count = len(records) >> 6
    if count < 2:
        return records[32:] if count else EMPTY
    if count < len(_HEADS):
        return _fold(records, _HEADS[count].unpack(records), 64, 0, count, depth)
    return _fold_wide(records, 0, count, depth)


def _fold_wide(records: bytes, low: int, high: int, depth: int) -> bytes:
    """As `_fold`, by whole paths: for many records, and for paths that agree in 64 bits or more."""
    paths = tuple(int.from_bytes(records[o : o + 32], "big") for o in range(0, len(records), 64))
    return _fold(records, paths, 256, low, high, depth)


def _fold(records: bytes, paths: tuple[int, ...], width: int, low: int, high: int, depth: int) -> bytes:
    """Hash at `depth` of the two or more records low ≤ i < high.

    `paths` holds the first `width` bits of every record's path as an integer.
    """
    differing = (paths[low] ^ paths[high - 1]).bit_length()
    if not differing:
        return _fold_wide(records, low, high, depth)
    middle = low + 1
    if high - low > 2:
        bit = 1 << (differing - 1)
        while not paths[middle] & bit:
            middle += 1
    split = width - differing
    if middle - low == 1:
        left = records[low * 64 + 32 : low * 64 + 64]
    else:
        left = _fold(records, paths, width, low, middle, split + 1)
    if high - middle == 1:
        right = records[middle * 64 + 32 : middle * 64 + 64]
    else:
        right = _fold(records, paths, width, middle, high, split + 1)
    above = sha256(_INNER + left + right).digest()
    while split > depth:  # every level between is an inner node with one empty half
        split -= 1
        if paths[low] >> (width - 1 - split) & 1:
            above = sha256(_LEFT_EMPTY + above).digest()
        else:
            above = sha256(_INNER + above + EMPTY).digest()
    return above
