"""The inner nodes of the state tree: the full binary tree above its buckets, compactly in memory.

A level of depth d has 2^d nodes. Their hashes stand in *rows* of 65 bytes, one for each parent,

    0x01 ‖ left child ‖ right child

which is what is hashed for the parent, as it is. Node i of a level begins at byte (65·i >> 1) + 1
of the level; its own row is at 65·i of the level below. One byte a row says what the children are:

    left is a single leaf 1, right is 2; left is an inner node 4, right is 8; empty adds nothing

A node whose byte is below 3 holds at most one leaf, and is that leaf (`smt_hash`). The level of
depth 0 is the root, as the left child of a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

__all__ = ["INNER", "NO_LEAF", "ONE_LEAF", "NodeLevels", "kind_of"]

NO_LEAF: Final = 0
ONE_LEAF: Final = 1
INNER: Final = 4

_ROW: Final = b"\x01" + bytes(64)


class NodeLevels:
    """All nodes from the root down to the buckets; 66 bytes for two of them."""

    def __init__(self) -> None:
        self._rows = [memoryview(bytearray(_ROW))]
        self._kinds = [bytearray(1)]

    @property
    def depth(self) -> int:
        """Depth of the lowest level, which is that of the buckets."""
        return len(self._rows) - 1

    @property
    def root(self) -> bytes:
        """Hash of the root, 32 bytes."""
        return bytes(self._rows[0][1:33])

    def node(self, depth: int, index: int) -> tuple[int, bytes]:
        """Kind (`NO_LEAF`, `ONE_LEAF`, `INNER`) and hash of one node."""
        at = (65 * index >> 1) + 1
        kind = self._kinds[depth][index >> 1] >> (index & 1) & 5
        return kind, bytes(self._rows[depth][at : at + 32])

    def deepen(self) -> None:
        """Add a level of empty nodes below. `fill` it before anything else is asked."""
        rows = 1 << self.depth
        self._rows.append(memoryview(bytearray(_ROW * rows)))
        self._kinds.append(bytearray(rows))

    def fill(self, nodes: Iterable[tuple[int, int, bytes]]) -> None:
        """Set nodes (index, kind, hash) of the lowest level that were empty; not those above."""
        rows, kinds = self._rows[-1], self._kinds[-1]
        for index, kind, digest in nodes:
            at = (65 * index >> 1) + 1
            rows[at : at + 32] = digest
            kinds[index >> 1] |= kind << (index & 1)

    def raise_all(self) -> None:
        """Compute every level from the lowest; they were empty before."""
        for depth in range(self.depth - 1, -1, -1):
            rows, kinds = self._rows[depth], self._kinds[depth]
            below = self._rows[depth + 1]
            for index, kind in enumerate(self._kinds[depth + 1]):
                if kind:
                    at = (65 * index >> 1) + 1
                    rows[at : at + 32] = _digest(below, kind, 65 * index)
                    kinds[index >> 1] |= _parent(kind) << (index & 1)

    def change(self, digests: Mapping[int, bytes], turned: Mapping[int, int]) -> None:
        """Set hashes of the lowest level, in ascending order, and recompute what is above them.

        `turned` has the new kinds of those nodes whose kind may have changed.
        """
        rows = self._rows[-1]
        for index, digest in digests.items():
            at = (65 * index >> 1) + 1
            rows[at : at + 32] = digest
        changed: Iterable[int] = digests
        for depth in range(self.depth, 0, -1):
            below, kinds, rows = self._rows[depth], self._kinds[depth], self._rows[depth - 1]
            turned = _turn(kinds, turned)
            changed = list(dict.fromkeys([index >> 1 for index in changed]))
            for index in changed:
                start = 65 * index
                at = (start >> 1) + 1
                if kinds[index] > 2:
                    rows[at : at + 32] = sha256(below[start : start + 65]).digest()
                else:
                    rows[at : at + 32] = _digest(below, kinds[index], start)
        _turn(self._kinds[0], turned)


def kind_of(bucket: bytes) -> int:
    """Kind of the node that holds these 64-byte records."""
    return INNER if len(bucket) > 64 else ONE_LEAF if bucket else NO_LEAF


def _digest(below: memoryview, kind: int, start: int) -> bytes:
    """Hash of the node whose row, of this kind, begins at `start`."""
    if kind > 2:
        return sha256(below[start : start + 65]).digest()
    at = start + 1 if kind == 1 else start + 33
    return bytes(below[at : at + 32])


def _parent(kind: int) -> int:
    """Kind of the node whose row is of this kind."""
    return INNER if kind > 2 else ONE_LEAF if kind else NO_LEAF


def _turn(kinds: bytearray, turned: Mapping[int, int]) -> dict[int, int]:
    """Note the nodes' new kinds in their rows; returns the new kinds of the nodes above."""
    above: dict[int, int] = {}
    for index, kind in turned.items():
        row = index >> 1
        old = kinds[row]
        new = old & 5 | kind << 1 if index & 1 else old & 10 | kind
        kinds[row] = new
        if _parent(new) != _parent(old):
            above[row] = _parent(new)
    return above
