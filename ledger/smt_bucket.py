"""Buckets of the state tree: leaves that stand together, as one run of bytes.

    record = path ‖ leaf            64 bytes
    bucket = records, sorted        those whose paths share their first K bits

A bucket is a `bytes`, so that two million leaves are half a million objects and not six.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from operator import lt
from struct import Struct
from typing import Final

from .smt_hash import HASH_SIZE, BadPair

__all__ = ["cut", "find", "gather", "insert", "split"]

_ROWS: Final = 4096
# Large enough that the system takes the memory of each back at once when it is cut; runs of the size of a
# bucket leave holes of 120 MB between the buckets of two million leaves.
_RUN: Final = _ROWS * 64
_HEAD: Final = Struct(">I60x")


def find(bucket: bytes, path: bytes) -> int:
    """Where the record of `path` begins in `bucket`, -1 if it is not there."""
    at = bucket.find(path)
    while at & 63 and at > 0:  # these 32 bytes, but across two fields
        at = bucket.find(path, at + 1)
    return at


def insert(bucket: bytes, path: bytes, leaf: bytes) -> bytes:
    """The bucket with one more record."""
    at = 0
    while at < len(bucket) and bucket[at : at + 32] < path:
        at += 64
    return b"".join((bucket[:at], path, leaf, bucket[at:]))


def split(bucket: bytes, bit: int) -> tuple[bytes, bytes]:
    """The records whose path has bit number `bit` clear, and those that have it set.

    All bits before it are the same in every path.
    """
    byte, mask = bit >> 3, 0x80 >> (bit & 7)
    for at in range(byte, len(bucket), 64):
        if bucket[at] & mask:
            return bucket[: at - byte], bucket[at - byte :]
    return bucket, b""


def gather(pairs: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """The (path, leaf) pairs as runs of a few records. Raises `BadPair`."""
    runs: list[bytes] = []
    rows = iter(pairs)
    last = b""
    while taken := list(islice(rows, _ROWS)):
        paths = [last, *(row[0] for row in taken)]
        if not all(map(lt, paths, paths[1:])):
            raise BadPair("the paths do not ascend")
        if set(map(len, chain.from_iterable(taken))) != {HASH_SIZE}:
            raise BadPair("a path or a leaf hash is not 32 bytes long")
        last = paths[-1]
        records = b"".join(chain.from_iterable(taken))
        runs.extend(records[at : at + _RUN] for at in range(0, len(records), _RUN))
    return runs


def cut(runs: list[bytes], bits: int) -> list[bytes]:
    """The 2^bits buckets of sorted records; takes the runs out of the list as they are done."""
    shift = 32 - bits
    buckets = [b""] * (1 << bits)
    runs.reverse()
    while runs:
        run = runs.pop()
        begin = end = current = 0
        for (head,) in _HEAD.iter_unpack(run):
            if head >> shift != current:
                buckets[current] += run[begin:end]
                begin = end
                current = head >> shift
            end += 64
        buckets[current] += run[begin:end]
    return buckets
