"""The authenticated state: a compact sparse Merkle tree, wholly in memory.

It holds hashes only: a 32-byte path and a 32-byte leaf for every key (`smt_hash` has the rules).
Keys are never deleted by the ledger. The store keeps the same pairs as rows; at start the tree is
built from them, and a batch then touches no storage.

How it is kept. The leaves whose paths share their first K bits are one *bucket*: a `bytes` of
sorted 64-byte records `path ‖ leaf`. Above the 2^K buckets stands a full binary tree (`smt_nodes`).
When buckets hold more than `GROW_AT` records on average, K grows by one: every bucket is cut in two
and hashed again, the nodes above stay as they are.

A bucket costs time in proportion to its records. To fill one with b keys takes about b·2^K hashes
of grinding and b accepted actions, and slows down only the keys in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Final

from .smt_bucket import cut, find, gather, insert, split
from .smt_hash import EMPTY, HASH_SIZE, BadPair, check_size, fold, leaf_hash, node_hash, path_of
from .smt_nodes import NodeLevels, kind_of
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

GROW_AT: Final = 3
"""Most records that a bucket holds on average."""

_MOST_BITS: Final = 32
_PATH_HEAD: Final = Struct(">I28x")


class StateTree:
    """The state tree at its newest height. For one thread at a time."""

    def __init__(self) -> None:
        self._count = 0
        self._buckets: list[bytes] = [b""]
        self._nodes = NodeLevels()
        self._version = 0

    @classmethod
    def build(cls, pairs: Iterable[tuple[bytes, bytes]]) -> StateTree:
        """The tree of these (path, leaf) pairs, in ascending order of path, no path twice.

        Raises `BadPair`.
        """
        tree = cls()
        runs = gather(pairs)
        tree._count = sum(map(len, runs)) >> 6
        bits = _bits_for(tree._count)
        tree._buckets = cut(runs, bits)
        for _ in range(bits):
            tree._nodes.deepen()
        tree._nodes.fill(_hashed(tree._buckets, bits))
        tree._nodes.raise_all()
        return tree

    def __len__(self) -> int:
        return self._count

    @property
    def root(self) -> bytes:
        """The root hash, 32 bytes; `EMPTY` for a tree without keys."""
        return self._nodes.root

    @property
    def version(self) -> int:
        """How many batches it has taken."""
        return self._version

    @property
    def depth(self) -> int:
        """K: buckets stand at this depth, 2^K of them."""
        return self._nodes.depth

    def bucket(self, index: int) -> bytes:
        """The records of one bucket, `path ‖ leaf` each, sorted."""
        return self._buckets[index]

    def node(self, depth: int, index: int) -> tuple[int, bytes]:
        """Kind (0 empty, 1 single leaf, 4 inner) and hash of node `index` at depth 0 … K."""
        return self._nodes.node(depth, index)

    def leaf(self, path: bytes) -> bytes | None:
        """The leaf hash at `path`, None if no key stands there."""
        if len(path) != HASH_SIZE:
            check_size(path)
        bucket = self._buckets[int.from_bytes(path[:4], "big") >> (32 - self._nodes.depth)]
        at = bucket.find(path)
        if at > 0 and at & 63:
            at = find(bucket, path)  # these 32 bytes, but across two fields
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
        _check_sizes(changes)
        self._version += 1
        while self._nodes.depth < _bits_for(self._count + len(changes)):
            self._grow()
        before: dict[int, bytes] = {}
        undo = self._write(changes, before)
        digests: dict[int, bytes] = {}
        turned: dict[int, int] = {}
        bits, buckets = self._nodes.depth, self._buckets
        for index, old in before.items():
            bucket = buckets[index]
            digests[index] = fold(bucket, bits)
            if len(bucket) != len(old):
                turned[index] = kind_of(bucket)
                self._count += (len(bucket) - len(old)) >> 6
        self._nodes.change(digests, turned)
        return undo

    def _write(self, changes: Mapping[bytes, bytes | None], before: dict[int, bytes]) -> Undo:
        """Write the leaves into the buckets; `before` gets, in order, what the buckets were."""
        undo: Undo = {}
        buckets = self._buckets
        shift = 32 - self._nodes.depth
        order = sorted(changes)
        for path, (head,) in zip(order, _PATH_HEAD.iter_unpack(b"".join(order)), strict=True):
            index = head >> shift
            bucket = buckets[index]
            if index not in before:
                before[index] = bucket
            leaf = changes[path]
            at = find(bucket, path)
            if at < 0:
                undo[path] = None
                if leaf is not None:
                    buckets[index] = insert(bucket, path, leaf)
            else:
                undo[path] = bucket[at + 32 : at + 64]
                if leaf is None:
                    buckets[index] = bucket[:at] + bucket[at + 64 :]
                else:
                    buckets[index] = bucket[: at + 32] + leaf + bucket[at + 64 :]
        return undo

    def _grow(self) -> None:
        """One more bit a bucket: every bucket becomes two, and the nodes get a level below."""
        bits = self._nodes.depth
        whole = self._buckets
        halves: list[bytes] = []
        for index, bucket in enumerate(whole):
            halves.extend(split(bucket, bits))
            whole[index] = b""  # its memory is used again for the next ones
        self._buckets = halves
        self._nodes.deepen()
        self._nodes.fill(_hashed(halves, bits + 1))


def _bits_for(count: int) -> int:
    """Bits of a bucket's index for so many keys."""
    return min(max(0, (count - 1) // GROW_AT).bit_length(), _MOST_BITS)


def _check_sizes(changes: Mapping[bytes, bytes | None]) -> None:
    sizes = set(map(len, changes))
    sizes.update([len(leaf) for leaf in changes.values() if leaf is not None])
    if not sizes <= {HASH_SIZE}:
        raise BadPair("a path or a leaf hash is not 32 bytes long", value=sorted(sizes))


def _hashed(buckets: list[bytes], bits: int) -> Iterator[tuple[int, int, bytes]]:
    """Index, kind and hash of every bucket that is not empty."""
    for index, bucket in enumerate(buckets):
        if bucket:
            yield index, kind_of(bucket), fold(bucket, bits)
