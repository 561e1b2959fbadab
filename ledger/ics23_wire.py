"""The protobuf messages of an ICS23 proof, and their one encoding.

    CommitmentProof   { ExistenceProof exist = 1; | NonExistenceProof nonexist = 2; }
    ExistenceProof    { bytes key = 1; bytes value = 2; LeafOp leaf = 3;
                        repeated InnerOp path = 4; }
    NonExistenceProof { bytes key = 1; ExistenceProof left = 2; ExistenceProof right = 3; }
    LeafOp            { HashOp hash = 1; HashOp prehash_key = 2; HashOp prehash_value = 3;
                        LengthOp length = 4; bytes prefix = 5; }
    InnerOp           { HashOp hash = 1; bytes prefix = 2; bytes suffix = 3; }

Fields stand in the order of their numbers, each at most once (but `path`), zeros and empty bytes
are left out, varints take the fewest bytes: what Go's generated encoder writes. Reading accepts
nothing else. Batch and compressed proofs are not used here, and are refused.

    08 01 10 01 18 01 2a 01 00    LeafOp of the SmtSpec: SHA-256 of key, value and leaf, prefix 0x00

Source: https://github.com/cosmos/ics23/blob/go/v0.11.0/proto/cosmos/ics23/v1/proofs.proto
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .errors import InputError

__all__ = [
    "MAX_PROOF",
    "CommitmentProof",
    "ExistenceProof",
    "InnerOp",
    "LeafOp",
    "NonExistenceProof",
    "ProofNotCanonical",
    "ProofTooLarge",
    "ProofUndecodable",
    "decode",
    "encode",
]

MAX_PROOF: Final = 65_536
"""Largest encoded proof, in bytes; two neighbours at depth 256 take about 20 kB."""

_VARINT, _BYTES = 0, 2
_MAX_VARINT: Final = 5


class ProofTooLarge(InputError):
    """More bytes than any proof of the state has."""

    code = "ics23.too_large"
    hint = "a state proof holds at most 65,536 bytes; this is something else"


class ProofUndecodable(InputError):
    """Not a proof message: cut short, or with fields that a state proof does not have."""

    code = "ics23.undecodable"
    hint = "the bytes are cut short, damaged, or not an ICS23 CommitmentProof of one key"


class ProofNotCanonical(InputError):
    """A proof message, but not the one encoding that it has here."""

    code = "ics23.not_canonical"
    hint = "write fields in order and once, leave zeros and empty bytes out, lengths shortest"


@dataclass(frozen=True, slots=True)
class LeafOp:
    """How a leaf's hash is made from key and value, in the numbers of ICS23 (1 = SHA-256)."""

    hash: int = 0
    prehash_key: int = 0
    prehash_value: int = 0
    length: int = 0
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class InnerOp:
    """One step towards the root: hash of `prefix ‖ child ‖ suffix`."""

    hash: int = 0
    prefix: bytes = b""
    suffix: bytes = b""


@dataclass(frozen=True, slots=True)
class ExistenceProof:
    """Key and value, and the way from their leaf up to the root, the leaf's parent first."""

    key: bytes
    value: bytes
    leaf: LeafOp | None
    path: tuple[InnerOp, ...]


@dataclass(frozen=True, slots=True)
class NonExistenceProof:
    """The two neighbours between which a key would stand; None where it would be the outermost."""

    key: bytes
    left: ExistenceProof | None
    right: ExistenceProof | None


@dataclass(frozen=True, slots=True)
class CommitmentProof:
    """One of the two proofs."""

    exist: ExistenceProof | None = None
    nonexist: NonExistenceProof | None = None


def encode(proof: CommitmentProof) -> bytes:
    """The protobuf encoding of `proof`."""
    if proof.exist is not None:
        return _nested(1, _existence(proof.exist))
    if proof.nonexist is None:
        return b""
    absent = proof.nonexist
    parts = [_octets(1, absent.key)]
    if absent.left is not None:
        parts.append(_nested(2, _existence(absent.left)))
    if absent.right is not None:
        parts.append(_nested(3, _existence(absent.right)))
    return _nested(2, b"".join(parts))


def decode(data: bytes) -> CommitmentProof:
    """The proof that `data` encodes; `encode(decode(data)) == data`.

    Raises `ProofTooLarge`, `ProofUndecodable` or `ProofNotCanonical`.
    """
    if len(data) > MAX_PROOF:
        raise ProofTooLarge(f"{len(data):,} bytes where at most {MAX_PROOF:,} are allowed")
    fields = _Fields(data, {1: _BYTES, 2: _BYTES})
    if (1 in fields.found) == (2 in fields.found):
        raise ProofUndecodable("not one proof of membership or of non-membership")
    if 1 in fields.found:
        proof = CommitmentProof(exist=_read_existence(fields.octets(1)))
    else:
        proof = CommitmentProof(nonexist=_read_non_existence(fields.octets(2)))
    if encode(proof) != data:
        raise ProofNotCanonical("the bytes are not the canonical encoding of their proof")
    return proof


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _nested(field: int, message: bytes) -> bytes:
    return bytes((field << 3 | _BYTES,)) + _varint(len(message)) + message


def _octets(field: int, value: bytes) -> bytes:
    return _nested(field, value) if value else b""


def _number(field: int, value: int) -> bytes:
    return bytes((field << 3 | _VARINT,)) + _varint(value) if value else b""


def _existence(proof: ExistenceProof) -> bytes:
    parts = [_octets(1, proof.key), _octets(2, proof.value)]
    if proof.leaf is not None:
        parts.append(_nested(3, _leaf_op(proof.leaf)))
    parts.extend(_nested(4, _inner_op(step)) for step in proof.path)
    return b"".join(parts)


def _leaf_op(leaf: LeafOp) -> bytes:
    numbers = (leaf.hash, leaf.prehash_key, leaf.prehash_value, leaf.length)
    return b"".join(_number(at, n) for at, n in enumerate(numbers, 1)) + _octets(5, leaf.prefix)


def _inner_op(step: InnerOp) -> bytes:
    return _number(1, step.hash) + _octets(2, step.prefix) + _octets(3, step.suffix)


class _Fields:
    """The fields of one message, read once; `kinds` says which may stand in it."""

    def __init__(self, data: bytes, kinds: dict[int, int], repeated: int = 0) -> None:
        self.found: dict[int, list[bytes | int]] = {}
        at = 0
        while at < len(data):
            tag, at = _read_varint(data, at)
            field, wire = tag >> 3, tag & 7
            if kinds.get(field) != wire:
                raise ProofUndecodable(f"field {field} of wire type {wire} is not in a state proof")
            if field in self.found and field != repeated:
                raise ProofUndecodable(f"field {field} stands twice")
            value: bytes | int
            value, at = _read_varint(data, at)
            if wire == _BYTES:
                end = at + value
                if end > len(data):
                    raise ProofUndecodable(f"field {field} is cut short")
                value, at = data[at:end], end
            self.found.setdefault(field, []).append(value)

    def octets(self, field: int) -> bytes:
        """The bytes of a field, empty if it is absent."""
        value = self.found.get(field, [b""])[0]
        return value if isinstance(value, bytes) else b""

    def number(self, field: int) -> int:
        """The number of a field, 0 if it is absent."""
        value = self.found.get(field, [0])[0]
        return value if isinstance(value, int) else 0

    def every(self, field: int) -> list[bytes]:
        """All values of a repeated field."""
        return [value for value in self.found.get(field, ()) if isinstance(value, bytes)]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for index, octet in enumerate(data[at : at + _MAX_VARINT]):
        number |= (octet & 0x7F) << 7 * index
        if octet < 0x80:
            return number, at + index + 1
    raise ProofUndecodable("a number is cut short or too large")


def _read_existence(data: bytes) -> ExistenceProof:
    fields = _Fields(data, {1: _BYTES, 2: _BYTES, 3: _BYTES, 4: _BYTES}, repeated=4)
    return ExistenceProof(
        key=fields.octets(1),
        value=fields.octets(2),
        leaf=_read_leaf_op(fields.octets(3)) if 3 in fields.found else None,
        path=tuple(_read_inner_op(step) for step in fields.every(4)),
    )


def _read_non_existence(data: bytes) -> NonExistenceProof:
    fields = _Fields(data, {1: _BYTES, 2: _BYTES, 3: _BYTES})
    return NonExistenceProof(
        key=fields.octets(1),
        left=_read_existence(fields.octets(2)) if 2 in fields.found else None,
        right=_read_existence(fields.octets(3)) if 3 in fields.found else None,
    )


def _read_leaf_op(data: bytes) -> LeafOp:
    fields = _Fields(data, {1: _VARINT, 2: _VARINT, 3: _VARINT, 4: _VARINT, 5: _BYTES})
    number = fields.number
    return LeafOp(number(1), number(2), number(3), number(4), fields.octets(5))


def _read_inner_op(data: bytes) -> InnerOp:
    fields = _Fields(data, {1: _VARINT, 2: _BYTES, 3: _BYTES})
    return InnerOp(fields.number(1), fields.octets(2), fields.octets(3))
