"""The Merkle tree of the log: roots, inclusion and consistency proofs, and the right edge.

    leaf   SHA-256(0x00 || entry)
    node   SHA-256(0x01 || left || right)        left and right are 32 bytes each
    empty  SHA-256("")                           the root of a tree without leaves

A tree of n > 1 leaves is split at the largest power of two below n. A *subtree* here is a complete
one: 2^level leaves, number `number` of its level counted from the left, so that its first leaf is
`number << level`. Everything that a proof needs can be computed from hashes of subtrees.

Source: RFC 6962 §2.1 (hashes, paths), RFC 9162 §2.1.4.2 (checking consistency).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from .errors import ContradictionError, InputError

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "MAX_SIZE",
    "BadHash",
    "BadPosition",
    "Frontier",
    "HashReader",
    "NotConsistent",
    "NotIncluded",
    "Run",
    "consistency_path",
    "inclusion_path",
    "leaf_hash",
    "node_hash",
    "root",
    "verify_consistency",
    "verify_inclusion",
]

HASH_SIZE: Final = 32
"""Bytes of a hash."""
MAX_SIZE: Final = 2**63 - 1
"""Most leaves of a tree; a path never has more than 63 hashes."""
EMPTY_ROOT: Final = sha256(b"").digest()
"""Root of the tree without leaves."""

HashReader = Callable[[int, int], bytes]
"""`hash_at(level, number)`: the hash of a complete subtree of 2^level leaves."""


class BadHash(InputError):
    """A hash that is not 32 bytes long, or a wrong number of them."""

    code = "merkle.bad_hash"
    hint = "every hash of the log is a SHA-256 of 32 bytes; the proof or the store is cut short"


class BadPosition(InputError):
    """An index outside the tree, a size that no tree has, or an old size above the new one."""

    code = "merkle.bad_position"
    hint = "ask for an index below the size of the tree, and give the older size first"


class NotIncluded(ContradictionError):
    """The path does not lead from the leaf to the root."""

    code = "merkle.not_included"
    hint = "the entry, its index or the proof was changed, or belongs to another log"


class NotConsistent(ContradictionError):
    """The new tree is not shown to begin with the old one."""

    code = "merkle.not_consistent"
    hint = "the log was rewritten or the proof changed; keep both checkpoints as evidence"


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data): the hash of an entry as a leaf (RFC 6962 §2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right): the hash of a node over two of 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree with these leaf hashes; `EMPTY_ROOT` for none."""
    return Frontier().extend(leaf_hashes)[0].root()


class Run(NamedTuple):
    """Neighbouring subtrees of one level: `hashes[i]` is that of subtree number `first + i`."""

    level: int
    first: int
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: all that is needed to append to it and to know its root.

    `edge` holds the hashes of the complete subtrees that the tree falls apart into, largest first,
    one for each bit that is set in `size`. Raises `BadHash` or `BadPosition` if they do not fit.
    """

    size: int = 0
    edge: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        _check_size(self.size)
        if len(self.edge) != self.size.bit_count():
            expected = self.size.bit_count()
            raise BadHash(f"size {self.size} has {expected} edge hashes", value=len(self.edge))
        _check_hashes(self.edge)

    @classmethod
    def read(cls, hash_at: HashReader, size: int) -> Frontier:
        """The frontier of the tree of the first `size` leaves, from stored hashes."""
        _check_size(size)
        return cls(size, tuple(_subtrees(hash_at, 0, size)))

    def append(self, leaf: bytes) -> tuple[Frontier, list[Run]]:
        """`extend` by the hash of one leaf."""
        return self.extend((leaf,))

    def extend(self, leaf_hashes: Sequence[bytes]) -> tuple[Frontier, list[Run]]:
        """The frontier after these leaves, and every subtree that they complete.

        There is one run a level, the lowest first; the run of level 0 is the leaves themselves.
        """
        if not leaf_hashes:
            return self, []
        _check_hashes(leaf_hashes)
        pending = list(self.edge)
        edge: list[bytes] = []
        runs: list[Run] = []
        level, first, row = 0, self.size, list(leaf_hashes)
        while row:
            runs.append(Run(level, first, row))
            if first & 1:
                row = [pending.pop(), *row]
            if len(row) & 1:
                edge.append(row[-1])
            pairs = zip(row[::2], row[1::2], strict=False)
            row = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            level, first = level + 1, first >> 1
        return Frontier(self.size + len(leaf_hashes), (*pending, *reversed(edge))), runs

    def root(self) -> bytes:
        """The root of the tree, 32 bytes."""
        return _fold(self.edge)


def inclusion_path(hash_at: HashReader, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 §2.1.1: the siblings, that of the leaf first.

    Raises `BadPosition` if there is no such leaf.
    """
    _check_size(size)
    if not 0 <= index < size:
        raise BadPosition(f"no leaf {index} in a tree of size {size}", value=index)
    return list(_siblings(hash_at, 0, index, size))


def consistency_path(hash_at: HashReader, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962 §2.1.2; empty if `old` is 0 or equals `new`.

    Raises `BadPosition` unless 0 <= old <= new.
    """
    _check_size(new)
    if not 0 <= old <= new:
        raise BadPosition(f"size {old} is not a size before {new}", value=old)
    if old in (0, new):
        return []
    level = (old & -old).bit_length() - 1
    path = list(_siblings(hash_at, level, old - 1, new))
    if old != 1 << level:
        path.insert(0, hash_at(level, (old >> level) - 1))
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf of hash `leaf` stands at `index` in the tree of `size` and `root`.

    Raises `NotIncluded`; `BadHash` or `BadPosition` for what cannot be part of any proof.
    """
    _check_hashes((leaf, root, *path))
    _check_size(size)
    _check_size(index)
    if index >= size:
        raise NotIncluded(f"no leaf {index} in a tree of size {size}", value=index)
    inner = (index ^ (size - 1)).bit_length()
    expected = inner + (index >> inner).bit_count()
    if len(path) != expected:
        raise NotIncluded(f"a path of {len(path)} hashes, not {expected}", value=len(path))
    node = leaf
    for level, sibling in enumerate(path):
        left_of_sibling = level < inner and not index >> level & 1
        node = node_hash(node, sibling) if left_of_sibling else node_hash(sibling, node)
    if node != root:
        raise NotIncluded(f"leaf {index} is not under the root of size {size}", value=node)


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree of `new_size` and `new_root` begins with that of the old size and root.

    The empty tree, whose root must be `EMPTY_ROOT`, needs an empty path. Raises `NotConsistent`;
    `BadHash` or `BadPosition` for what cannot be part of any proof (RFC 9162 §2.1.4.2).
    """
    _check_hashes((old_root, new_root, *path))
    _check_size(old_size)
    _check_size(new_size)
    if old_size > new_size:
        raise NotConsistent(f"size {old_size} is not before size {new_size}", value=old_size)
    for size, given in ((old_size, old_root), (new_size, new_root)):
        if size == 0 and given != EMPTY_ROOT:
            raise NotConsistent("size 0 with another root than that of the empty tree", value=given)
    if old_size in (0, new_size):
        if path:
            raise NotConsistent("a path where none is needed", value=len(path))
        if old_size == new_size and old_root != new_root:
            raise NotConsistent(f"two different roots of size {old_size}", value=new_root)
        return
    old_node, new_node = _fold_consistency(old_size, old_root, new_size, path)
    if old_node != old_root:
        raise NotConsistent(f"the path does not end in the root of size {old_size}", value=old_node)
    if new_node != new_root:
        raise NotConsistent(f"the path does not end in the root of size {new_size}", value=new_node)


def _fold_consistency(old_size: int, old_root: bytes, new_size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that `path` leads to, for 0 < old_size < new_size (RFC 9162 §2.1.4.2)."""
    hashes = list(path)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise NotConsistent("no path between two sizes", value=0)
    level = (old_size & -old_size).bit_length() - 1
    old, new = (old_size - 1) >> level, (new_size - 1) >> level
    old_node = new_node = hashes[0]
    for sibling in hashes[1:]:
        if new == 0:
            raise NotConsistent("the path is longer than the tree is high", value=len(path))
        if old & 1 or old == new:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            while old and not old & 1:
                old, new = old >> 1, new >> 1
        else:
            new_node = node_hash(new_node, sibling)
        old, new = old >> 1, new >> 1
    if new != 0:
        raise NotConsistent("the path ends below the root", value=len(path))
    return old_node, new_node


def _siblings(hash_at: HashReader, level: int, index: int, size: int) -> Iterator[bytes]:
    """The path of the subtree of `level` that holds leaf `index`, in the tree of `size`.

    Below `inner` the path of `index` and that of the last leaf differ, so siblings lie on both
    sides and only the topmost can be ragged; above it, all siblings are complete and to the left.
    """
    inner = (index ^ (size - 1)).bit_length()
    for lower in range(level, inner):
        sibling = (index >> lower) ^ 1
        if (sibling + 1) << lower <= size:
            yield hash_at(lower, sibling)
        else:
            yield _fold(tuple(_subtrees(hash_at, sibling << lower, size)))
    for upper in range(max(level, inner), index.bit_length()):
        if index >> upper & 1:
            yield hash_at(upper, (index >> upper) - 1)


def _subtrees(hash_at: HashReader, start: int, end: int) -> Iterator[bytes]:
    """The complete subtrees of leaves [start, end), largest first.

    `start` is a multiple of a power of two that is at least as large as the range.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield hash_at(level, start >> level)
        start += 1 << level


def _fold(edge: Sequence[bytes]) -> bytes:
    """The root over neighbouring complete subtrees, largest first."""
    if not edge:
        return EMPTY_ROOT
    node = edge[-1]
    for left in reversed(edge[:-1]):
        node = node_hash(left, node)
    return node


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_SIZE:
            raise BadHash(f"a hash of {len(value)} bytes", value=value)


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_SIZE:
        raise BadPosition(f"{size} is not the size of a tree", value=size)
