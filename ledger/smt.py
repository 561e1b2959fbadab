"""The authenticated state: a compact sparse Merkle tree, wholly in memory.

It holds hashes only: a 32-byte path and a 32-byte leaf for every key (`smt_hash` has the rules).
Keys are never deleted by the ledger. The store keeps the same pairs as rows; at start the tree is
built from them, and a batch then touches no storage.

How it is kept. The leaves whose paths share their first K bits are one *bucket*: a `bytes` of
sorted 64-byte records `path ‖ leaf`. Above the 2^K buckets stands a full binary tree of K levels, a
bytearray for each. The level of depth d has, for each of its 2^d nodes, the 65 bytes that are
hashed for it,

    0x01 ‖ left child ‖ right child          node i at 65·i; its own hash goes up to (65·i >> 1) + 1

and one byte that says which children are single leaves (left 1, right 2) or inner nodes (4, 8). A
node whose byte is below 3 holds at most one leaf and is that leaf. When buckets hold more than
`GROW_AT` records on average, K grows by one: the levels above stay as they are.

A bucket costs time in proportion to its records. To fill one with b keys takes about b·2^K hashes
of grinding and b accepted actions, and slows down only the keys in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import chain, islice
from operator import lt
from struct import Struct
from typing import Final

from .errors import InputError
from .smt_hash import EMPTY, HASH_SIZE, fold, leaf_hash, node_hash, path_of
from .smt_view import StaleView, StateView

__all__ = [
    "EMPTY",
    "GROW_AT",
    "BadPair",
    "StaleView",
    "StateTree",
    "StateView",
    "Undo",
    "leaf_hash",
    "node_hash",
    "path_of",
]

Undo = dict[bytes, bytes | None]
"""What a batch replaced: path → leaf before it, None where there was none."""

GROW_AT: Final = 5
"""Most records that a bucket holds on average."""

_MAX_BITS: Final = 32
_CHUNK: Final = 4096
_PAIR: Final = b"\x01" + bytes(64)
_NO_LEAF, _ONE_LEAF, _INNER = 0, 1, 4
_HEAD_OF_PATH: Final = Struct(">I28x")
_HEAD_OF_RECORD: Final = Struct(">I60x")


class BadPair(InputError):
    """A path or a leaf that is not 32 bytes, or paths that do not ascend."""

    code = "smt.bad_pair"
    hint = "paths and leaf hashes are 32 bytes; a tree is built from pairs sorted by path"


class StateTree:
    """The state tree at its newest height. For one thread at a time."""

    def __init__(self) -> None:
        self._count = 0
        self._bits = 0
        self._buckets: list[bytes] = [b""]
        self._pairs: list[memoryview] = []
        self._kinds: list[bytearray] = []
        self._root = EMPTY
        self._version = 0

    @classmethod
    def build(cls, pairs: Iterable[tuple[bytes, bytes]]) -> StateTree:
        """The tree of these (path, leaf) pairs, in ascending order of path, no path twice.

        Raises `BadPair`.
        """
        tree = cls()
        chunks = list(_chunks(pairs))
        tree._count = sum(map(len, chunks)) >> 6
        bits = _bits_for(tree._count)
        tree._bits = bits
        tree._buckets = [b""] * (1 << bits)
        _fill(tree._buckets, chunks, bits)
        for depth in range(bits):
            tree._add_level(depth)
        tree._hash_buckets()
        tree._hash_levels()
        return tree

    def __len__(self) -> int:
        return self._count

    @property
    def root(self) -> bytes:
        """The root hash, 32 bytes; `EMPTY` for a tree without keys."""
        return self._root

    def leaf(self, path: bytes) -> bytes | None:
        """The leaf hash at `path`, None if no key stands there."""
        bucket = self._buckets[int.from_bytes(path[:4], "big") >> (32 - self._bits)]
        at = _find(bucket, path)
        return None if at < 0 else bucket[at + 32 : at + 64]

    def at(self, undos: Sequence[Mapping[bytes, bytes | None]] = ()) -> StateView:
        """The tree as it was before the batches whose undo records are given, oldest batch first.

        With none it is the tree of now. A view is good until the next `update`.
        """
        before: Undo = {}
        for undo in reversed(undos):
            before.update(undo)
        return StateView(self, before)

    def update(self, changes: Mapping[bytes, bytes | None]) -> Undo:
        """Set the leaves at these paths and return what was there before.

        None takes a path out: it is there to revert a batch with its own undo record. Raises
        `BadPair` before anything is changed.
        """
        if not changes:
            return {}
        if not set(map(len, changes)) | {len(v) for v in changes.values() if v is not None} <= {
            HASH_SIZE
        }:
            raise BadPair("a path or a leaf hash is not 32 bytes long")
        self._version += 1
        while self._count + len(changes) > GROW_AT << self._bits and self._bits < _MAX_BITS:
            self._grow()
        undo: Undo = {}
        changed, turned = self._change_buckets(changes, undo)
        self._rehash(changed, turned)
        return undo

    def _change_buckets(
        self, changes: Mapping[bytes, bytes | None], undo: Undo
    ) -> tuple[list[int], dict[int, int]]:
        """Write the leaves into the buckets and the buckets' hashes into the lowest level.

        Returns the changed buckets in order, and those that went from one kind of node to another
        with their new kind.
        """
        buckets, bits = self._buckets, self._bits
        shift = 32 - bits
        order = sorted(changes)
        heads = _HEAD_OF_PATH.iter_unpack(b"".join(order))
        touched: dict[int, int] = {}
        for path, (head,) in zip(order, heads, strict=True):
            index = head >> shift
            bucket = buckets[index]
            if index not in touched:
                touched[index] = len(bucket)
            leaf = changes[path]
            at = _find(bucket, path)
            if at >= 0:
                undo[path] = bucket[at + 32 : at + 64]
                if leaf is None:
                    buckets[index] = bucket[:at] + bucket[at + 64 :]
                else:
                    buckets[index] = bucket[: at + 32] + leaf + bucket[at + 64 :]
            else:
                undo[path] = None
                if leaf is not None:
                    buckets[index] = _insert(bucket, path, leaf)
        turned: dict[int, int] = {}
        lowest = self._pairs[-1] if bits else None
        for index, size in touched.items():
            bucket = buckets[index]
            self._count += (len(bucket) - size) >> 6
            kind = _kind_of(bucket)
            if len(bucket) != size:
                turned[index] = kind
            digest = fold(bucket, bits)
            if lowest is None:
                self._root = digest
            else:
                slot = (65 * index >> 1) + 1
                lowest[slot : slot + 32] = digest
        return list(touched), turned

    def _rehash(self, changed: list[int], turned: dict[int, int]) -> None:
        """Recompute, level by level, the nodes above the changed buckets."""
        for depth in range(self._bits - 1, -1, -1):
            pairs, kinds = self._pairs[depth], self._kinds[depth]
            turned = _turn(kinds, turned)
            above = self._pairs[depth - 1] if depth else None
            changed = list(dict.fromkeys([index >> 1 for index in changed]))
            for index in changed:
                start = 65 * index
                digest = _digest(pairs, kinds[index], start)
                if above is None:
                    self._root = digest
                else:
                    slot = (start >> 1) + 1
                    above[slot : slot + 32] = digest

    def _add_level(self, depth: int) -> None:
        self._pairs.append(memoryview(bytearray(_PAIR * (1 << depth))))
        self._kinds.append(bytearray(1 << depth))

    def _grow(self) -> None:
        """One more bit a bucket: every bucket becomes two; the levels above do not change."""
        bits = self._bits
        buckets = self._buckets
        byte, bit = bits >> 3, 0x80 >> (bits & 7)
        halves: list[bytes] = []
        for bucket in buckets:
            cut = len(bucket)
            for at in range(byte, len(bucket), 64):
                if bucket[at] & bit:
                    cut = at - byte
                    break
            halves.append(bucket[:cut])
            halves.append(bucket[cut:])
        self._buckets = halves
        self._add_level(bits)
        self._bits = bits + 1
        self._hash_buckets()

    def _hash_buckets(self) -> None:
        """Fill the lowest level from the buckets."""
        bits = self._bits
        if not bits:
            self._root = fold(self._buckets[0], 0)
            return
        pairs, kinds = self._pairs[-1], self._kinds[-1]
        for index, bucket in enumerate(self._buckets):
            if bucket:
                slot = (65 * index >> 1) + 1
                pairs[slot : slot + 32] = fold(bucket, bits)
                kinds[index >> 1] |= _kind_of(bucket) << (index & 1)

    def _hash_levels(self) -> None:
        """Fill every level but the lowest from the one below it."""
        for depth in range(self._bits - 1, -1, -1):
            pairs, kinds = self._pairs[depth], self._kinds[depth]
            for index, kind in enumerate(kinds):
                digest = _digest(pairs, kind, 65 * index)
                if depth:
                    slot = (65 * index >> 1) + 1
                    self._pairs[depth - 1][slot : slot + 32] = digest
                    self._kinds[depth - 1][index >> 1] |= _flag_of(kind) << (index & 1)
                else:
                    self._root = digest

    def _node(self, depth: int, index: int) -> tuple[int, bytes]:
        """Flag (0 empty, 1 single leaf, 4 inner) and hash of a node at 1 ≤ depth ≤ K."""
        slot = (65 * index >> 1) + 1
        flag = self._kinds[depth - 1][index >> 1] >> (index & 1) & 5
        return flag, bytes(self._pairs[depth - 1][slot : slot + 32])


def _digest(pairs: memoryview, kind: int, start: int) -> bytes:
    """Hash of the node whose 65 bytes begin at `start`."""
    if kind > 2:
        return sha256(pairs[start : start + 65]).digest()
    if kind == 1:
        return bytes(pairs[start + 1 : start + 33])
    return bytes(pairs[start + 33 : start + 65])


def _flag_of(kind: int) -> int:
    return _INNER if kind > 2 else _ONE_LEAF if kind else _NO_LEAF


def _kind_of(bucket: bytes) -> int:
    return _INNER if len(bucket) > 64 else _ONE_LEAF if bucket else _NO_LEAF


def _turn(kinds: bytearray, turned: dict[int, int]) -> dict[int, int]:
    """Note the children's new flags; returns the nodes of this level with their flags."""
    above: dict[int, int] = {}
    for index, flag in turned.items():
        parent = index >> 1
        kind = kinds[parent] & 5 | flag << 1 if index & 1 else kinds[parent] & 10 | flag
        if _flag_of(kind) != _flag_of(kinds[parent]) or parent in above:
            above[parent] = _flag_of(kind)
        kinds[parent] = kind
    return above


def _find(bucket: bytes, path: bytes) -> int:
    """Where the record of `path` begins in `bucket`, -1 if it is not there."""
    at = bucket.find(path)
    while at & 63 and at > 0:
        at = bucket.find(path, at + 1)
    return at


def _insert(bucket: bytes, path: bytes, leaf: bytes) -> bytes:
    at = 0
    while at < len(bucket) and bucket[at : at + 32] < path:
        at += 64
    return b"".join((bucket[:at], path, leaf, bucket[at:]))


def _bits_for(count: int) -> int:
    bits = 0
    while count > GROW_AT << bits and bits < _MAX_BITS:
        bits += 1
    return bits


def _chunks(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """The pairs as records, some thousands at a time; refuses what is ill-sized or unsorted."""
    rows = iter(pairs)
    last = b""
    while taken := list(islice(rows, _CHUNK)):
        paths = [last, *(row[0] for row in taken)]
        if not all(map(lt, paths, paths[1:])):
            raise BadPair("the paths do not ascend")
        if set(map(len, chain.from_iterable(taken))) != {HASH_SIZE}:
            raise BadPair("a path or a leaf hash is not 32 bytes long")
        last = paths[-1]
        yield b"".join(chain.from_iterable(taken))


def _fill(buckets: list[bytes], chunks: list[bytes], bits: int) -> None:
    """Cut the sorted records into buckets; lets go of every chunk as it is done."""
    shift = 32 - bits
    chunks.reverse()
    while chunks:
        chunk = chunks.pop()
        begin = end = 0
        current = -1
        for (head,) in _HEAD_OF_RECORD.iter_unpack(chunk):
            if head >> shift != current:
                if end:
                    buckets[current] += chunk[begin:end]
                begin = end
                current = head >> shift
            end += 64
        buckets[current] += chunk[begin:end]
