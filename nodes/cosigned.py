"""What this member's log and cosigner keys have signed last, so that they never sign two histories.

A cosigner promises never to sign a smaller tree than before, nor another root of the same size. The
promise holds only if the newest signed size and root are on the disk before the signature leaves:
so `advance` comes first, and the signature after it. A crash in between costs nothing: the same
checkpoint may be signed again.

`cosigner.json`, canonical JSON (RFC 8785); `check` is the SHA-256 of the list `signed`, written
canonically:

    {"check":"<hex>","format":"lading/cosigned@1","signed":[
     {"cosigner":"replay","origin":"ledger.example/main","root":"<hex>","size":42,"time":1764000000}]}

`time` is in Unix seconds and never goes back. A file put back from an older backup breaks the
promise: compare it with the newest checkpoint of another member first.

Source: C2SP tlog-cosignature and tlog-witness (check and keep in one step, durable, then reply).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger.errors import DamagedError, InputError, RefusedError
from ledger.strict_json import JsonValue, canonicalise, parse

from .files import FileMissing, read_bounded, write_atomic
from .lock import FileLock

__all__ = ["Cosigned", "CosignedDamaged", "Signed", "WouldFork"]

_FORMAT: Final = "lading/cosigned@1"
_LIMIT: Final = 1_048_576
_ROOT_SIZE: Final = 32


class WouldFork(RefusedError):
    """The checkpoint is smaller than, or contradicts, one that this key has signed."""

    code = "cosigner.would_fork"
    hint = "the log has forked or was put back from an old backup; compare checkpoints with others"


class CosignedDamaged(DamagedError):
    """The record of what was signed is not what was written."""

    code = "cosigner.damaged"
    hint = "put cosigner.json back as it was at the newest cosignature; without it, do not cosign"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint that was signed: tree size, root (32 bytes), and when (Unix seconds)."""

    size: int
    root: bytes
    time: int


class Cosigned:
    """The newest checkpoint that each cosigner key has signed for each log.

    A key is named by its role, `replay` or `witness`, or `log` for the operator's own; a log by its origin line. The
    time of a log's own signature is that of its commit.
    """

    def __init__(self, path: Path, *, timeout: float = 10.0) -> None:
        self._path = path
        self._timeout = timeout

    def newest(self, cosigner: str, origin: str) -> Signed | None:
        """What this key signed last for this log, or None. Raises `CosignedDamaged`."""
        return self._read().get((cosigner, origin))

    def advance(
        self,
        cosigner: str,
        origin: str,
        signed: Signed,
        *,
        root_at: Callable[[int], bytes] | None = None,
        expected: Signed | None = None,
    ) -> None:
        """Keep, durably, that this key is about to sign. Raises `WouldFork`, `CosignedDamaged`.

        `root_at(size)` gives the root of the first `size` entries of the tree that is about to be signed: it must
        be the root that was signed at that size. Without it the caller has checked that the new tree extends the
        old one, and only sizes, roots of equal size, and times are compared; `expected` is the old one then, with
        which it was compared, and nothing is kept if another came between.
        """
        with FileLock(self._path.with_suffix(".lock"), timeout=self._timeout, purpose="cosign"):
            known = self._read()
            before = known.get((cosigner, origin))
            if expected is not None and (before or Signed(0, b"", 0)).size != expected.size:
                raise WouldFork(f"another checkpoint was signed meanwhile, after size {expected.size}")
            if before is not None:
                _check_forward(before, signed)
                if root_at is not None and root_at(before.size) != before.root:
                    message = f"this log has another root at size {before.size} than the one that was signed"
                    raise WouldFork(message, value=before.root)
            known[cosigner, origin] = signed
            write_atomic(self._path, _encode(known))

    def _read(self) -> dict[tuple[str, str], Signed]:
        try:
            data = read_bounded(self._path, _LIMIT)
        except FileMissing:
            return {}
        try:
            known = _decode(data)
            if _encode(known) == data:
                return known
        except (InputError, KeyError, TypeError, ValueError):
            pass
        raise CosignedDamaged(f"{self._path} is damaged", value=str(self._path))


def _check_forward(before: Signed, signed: Signed) -> None:
    if signed.size < before.size:
        message = f"size {signed.size}, and size {before.size} was signed before"
        raise WouldFork(message, value=signed.size)
    if signed.size == before.size and signed.root != before.root:
        raise WouldFork(f"another root of size {signed.size} was signed before", value=signed.root)
    if signed.time < before.time:
        raise WouldFork(
            f"the time {signed.time} is before that of the last cosignature, {before.time}",
            value=signed.time,
            hint="set the clock of this machine; a cosignature's time never goes back",
        )


def _encode(known: dict[tuple[str, str], Signed]) -> bytes:
    signed: list[JsonValue] = [
        {
            "cosigner": cosigner,
            "origin": origin,
            "root": one.root.hex(),
            "size": one.size,
            "time": one.time,
        }
        for (cosigner, origin), one in sorted(known.items())
    ]
    check = hashlib.sha256(canonicalise(signed)).hexdigest()
    return canonicalise({"check": check, "format": _FORMAT, "signed": signed})


def _decode(data: bytes) -> dict[tuple[str, str], Signed]:
    """What `data` says; the caller compares it with what `_encode` makes of it."""
    value: Any = parse(data, limit=_LIMIT)
    known: dict[tuple[str, str], Signed] = {}
    for one in value["signed"]:
        root = bytes.fromhex(one["root"])
        if len(root) != _ROOT_SIZE:
            raise ValueError("a root has 32 bytes")
        known[one["cosigner"], one["origin"]] = Signed(one["size"], root, one["time"])
    return known
