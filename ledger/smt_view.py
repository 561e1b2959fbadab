"""The state tree under one of its roots: what a proof is read from.

A view is the resident tree with some leaves put back to what they were before the newest batches.
It keeps the buckets and nodes that differ and reads all others from the tree, which it never
changes. `ics23` makes proofs from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .errors import NotFoundError, UnavailableError
from .smt_hash import check_size, fold, node_hash
from .smt_nodes import INNER, NO_LEAF, kind_of

__all__ = ["NoSuchPath", "Resident", "StaleView", "StateView"]


class StaleView(UnavailableError):
    """The tree took another batch after this view of it was made."""

    code = "smt.stale_view"
    hint = "take a new view, with the undo record of the newer batch, and ask again"


class NoSuchPath(NotFoundError):
    """No key stands at this path under this root."""

    code = "smt.no_such_path"
    hint = "the key was not in the state at that height; ask for a proof of its absence instead"


class Resident(Protocol):
    """What a view reads from the tree in memory (`smt.StateTree`)."""

    @property
    def version(self) -> int:
        """How many batches it has taken."""

    @property
    def depth(self) -> int:
        """K: buckets stand at this depth, 2^K of them."""

    @property
    def root(self) -> bytes:
        """The root hash."""

    def bucket(self, index: int) -> bytes:
        """The records of one bucket."""

    def node(self, depth: int, index: int) -> tuple[int, bytes]:
        """Kind and hash of one node."""


class StateView:
    """The tree under one root: the root, the leaves, and the hashes beside a path.

    Made by `StateTree.at`. Reading a path raises `StaleView` after the tree's next update.
    """

    def __init__(self, tree: Resident, before: Mapping[bytes, bytes | None]) -> None:
        self._tree = tree
        self._version = tree.version
        self._bits = tree.depth
        self._buckets: dict[int, bytes] = {}
        self._nodes: list[dict[int, tuple[int, bytes]]] = [{} for _ in range(self._bits + 1)]
        self._root = tree.root
        if before:
            self._put_back(before)

    @property
    def root(self) -> bytes:
        """The root hash of this view, 32 bytes."""
        return self._root

    def leaf(self, path: bytes) -> bytes | None:
        """The leaf hash at `path`, None if no key stood there."""
        return _records(self._bucket(self._index(path))).get(path)

    def siblings(self, path: bytes) -> tuple[bytes, ...]:
        """The hashes beside the way from the leaf at `path` up to the root, the leaf's own first.

        With n hashes the leaf stands at depth n, and hash i is beside the node at depth n - i: to
        its right if bit n - 1 - i of the path is 0, to its left if it is 1. Raises `NoSuchPath`.
        """
        index = self._index(path)
        bucket = self._bucket(index)
        if path not in _records(bucket):
            raise NoSuchPath("no key stands at this path", value=path)
        beside = _siblings(bucket, path, self._bits)
        for depth in range(self._bits, 0, -1):
            kind, digest = self._node(depth, index ^ 1)
            if beside or kind != NO_LEAF:  # a lone leaf has no empty siblings
                beside.append(digest)
            index >>= 1
        return tuple(beside)

    def neighbours(self, path: bytes) -> tuple[bytes | None, bytes | None]:
        """The nearest paths below and above `path` that have a leaf; None where there is none."""
        index = self._index(path)
        here = _records(self._bucket(index))
        left = max((other for other in here if other < path), default=None)
        right = min((other for other in here if other > path), default=None)
        below, above = index - 1, index + 1
        while left is None and below >= 0:
            left = max(_records(self._bucket(below)), default=None)
            below -= 1
        while right is None and above < 1 << self._bits:
            right = min(_records(self._bucket(above)), default=None)
            above += 1
        return left, right

    def _index(self, path: bytes) -> int:
        check_size(path)
        if self._version != self._tree.version:
            raise StaleView("the state tree has changed since this view of it was made")
        return int.from_bytes(path[:4], "big") >> (32 - self._bits)

    def _bucket(self, index: int) -> bytes:
        found = self._buckets.get(index)
        return self._tree.bucket(index) if found is None else found

    def _node(self, depth: int, index: int) -> tuple[int, bytes]:
        return self._nodes[depth].get(index) or self._tree.node(depth, index)

    def _put_back(self, before: Mapping[bytes, bytes | None]) -> None:
        """Set the leaves to what they were, in the overlay, and recompute the nodes above them."""
        groups: dict[int, dict[bytes, bytes | None]] = {}
        for path, leaf in before.items():
            groups.setdefault(self._index(path), {})[path] = leaf
        for index, changes in groups.items():
            records = {**_records(self._tree.bucket(index)), **changes}
            bucket = b"".join(path + leaf for path, leaf in sorted(records.items()) if leaf is not None)
            self._buckets[index] = bucket
            self._nodes[self._bits][index] = kind_of(bucket), fold(bucket, self._bits)
        for depth in range(self._bits, 0, -1):
            for index in {index >> 1 for index in self._nodes[depth]}:
                left, right = self._node(depth, 2 * index), self._node(depth, 2 * index + 1)
                self._nodes[depth - 1][index] = _join(left, right)
        self._root = self._nodes[0][0][1]


def _join(left: tuple[int, bytes], right: tuple[int, bytes]) -> tuple[int, bytes]:
    """The node above two nodes, each a kind and a hash."""
    if left[0] == NO_LEAF or right[0] == NO_LEAF:
        lone = left if right[0] == NO_LEAF else right
        if lone[0] != INNER:
            return lone
    return INNER, node_hash(left[1], right[1])


def _records(bucket: bytes) -> dict[bytes, bytes]:
    """Path → leaf of a bucket, in order."""
    return {bucket[at : at + 32]: bucket[at + 32 : at + 64] for at in range(0, len(bucket), 64)}


def _siblings(records: bytes, path: bytes, depth: int) -> list[bytes]:
    """Hashes beside the leaf at `path` within the subtree at `depth`, the leaf's own first."""
    beside: list[bytes] = []
    number = int.from_bytes(path, "big")
    while len(records) > 64:
        cut = 0
        bit = 1 << (255 - depth)
        while cut < len(records) and not int.from_bytes(records[cut : cut + 32], "big") & bit:
            cut += 64
        own, other = records[:cut], records[cut:]
        if number & bit:
            own, other = other, own
        depth += 1
        beside.append(fold(other, depth))
        records = own
    beside.reverse()
    return beside
