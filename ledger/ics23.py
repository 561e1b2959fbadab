"""ICS23 proofs of the state: that a key has a value, or has none, under a root.

Proofs are those of the ICS23 `SmtSpec`, so that any ICS23 library checks them as they are. The
verifier here does what cosmos/ics23 does, and accepts no proof that it refuses. It asks for more in
one place: a leaf must stand where its key's path leads. So nobody, not even the maker of a root, can
show one key with two values under it, or a key both present and absent.

Membership:
 1. it is a proof of membership, of this key and this value, neither of them empty;
 2. the leaf operation is the `SmtSpec`'s;
 3. there are at most 256 steps, each SHA-256 of 0x01 ‖ child ‖ 32 bytes or 0x01 ‖ 32 bytes ‖ child,
    and from the root down they turn as the bits of the key's path do;
 4. leaf and steps hash to the root.

Non-membership:
 1. it is a proof of non-membership, and names this key, or its path as celestiaorg/smt does;
 2. each neighbour passes the steps 2 to 4 above with its own key and value; one is there at least;
 3. the key's path lies above the left neighbour's and below the right one's;
 4. nothing stands between the neighbours: both ways part at one node, and from there the left one
    keeps to the right and the right one to the left. A neighbour that is alone is the outermost.
    A step past an empty half (32 zero bytes) counts as keeping to the edge.

A tree without keys has the root of 32 zero bytes, under which ICS23 has no proof of anything.

Source: https://github.com/cosmos/ics23/blob/go/v0.11.0/go/proof.go and ops.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from .errors import ContradictionError, DamagedError, NotFoundError, UnverifiedError
from .ics23_wire import (
    MAX_PROOF,
    CommitmentProof,
    ExistenceProof,
    InnerOp,
    LeafOp,
    NonExistenceProof,
    ProofNotCanonical,
    ProofTooLarge,
    ProofUndecodable,
    decode,
    encode,
)
from .smt_hash import EMPTY, HASH_SIZE, MAX_TREE_DEPTH, leaf_hash, node_hash, path_of

__all__ = [
    "MAX_PROOF",
    "SMT_LEAF",
    "CommitmentProof",
    "ExistenceProof",
    "InnerOp",
    "KeyAbsent",
    "KeyPresent",
    "LeafOp",
    "NoNeighbour",
    "NonExistenceProof",
    "NotNeighbours",
    "NotOfSpec",
    "OtherKey",
    "OtherKind",
    "OtherRoot",
    "OtherValue",
    "ProofNotCanonical",
    "ProofTooLarge",
    "ProofUndecodable",
    "Provable",
    "StateDiffers",
    "decode",
    "encode",
    "prove_membership",
    "prove_non_membership",
    "verify_membership",
    "verify_non_membership",
]

_SHA256: Final = 1
_INNER: Final = b"\x01"

SMT_LEAF: Final = LeafOp(_SHA256, _SHA256, _SHA256, 0, b"\x00")
"""Leaf operation of the `SmtSpec`: SHA-256(0x00 ‖ SHA-256(key) ‖ SHA-256(value))."""


class OtherKind(ContradictionError):
    """A proof of membership where one of non-membership is needed, or the reverse."""

    code = "ics23.other_kind"
    hint = "the proof answers another question; ask its maker for the right one"


class OtherKey(ContradictionError):
    """The proof is of another key."""

    code = "ics23.other_key"
    hint = "the proof belongs to another record; ask its maker for this record's"


class OtherValue(ContradictionError):
    """The proof is of another value of this key."""

    code = "ics23.other_value"
    hint = "the record was changed, or the proof is of another height"


class OtherRoot(ContradictionError):
    """The proof leads to another root."""

    code = "ics23.other_root"
    hint = "the proof was changed, or it is of another height or another ledger"


class NotOfSpec(ContradictionError):
    """The proof has operations that the tree of the state does not have."""

    code = "ics23.not_of_spec"
    hint = "the proof is of another kind of tree, or made to deceive"


class NotNeighbours(ContradictionError):
    """The key does not lie between two leaves that stand side by side."""

    code = "ics23.not_neighbours"
    hint = "the key may well be in the state; the proof does not show that it is absent"


class KeyAbsent(NotFoundError):
    """No proof of membership: the key is not in the state."""

    code = "ics23.key_absent"
    hint = "the key had no value at that height"


class KeyPresent(ContradictionError):
    """No proof of non-membership: the key is in the state."""

    code = "ics23.key_present"
    hint = "prove its membership instead"


class NoNeighbour(UnverifiedError):
    """ICS23 proves nothing about a tree without keys."""

    code = "ics23.no_neighbour"
    hint = "the root of 32 zero bytes says by itself that the state holds no key"


class StateDiffers(DamagedError):
    """The store's value of a key is not the one in the tree."""

    code = "ics23.state_differs"
    hint = "run `lading audit`; the stored record or the stored leaf was changed"


class Provable(Protocol):
    """The tree under one root (`smt.StateView`)."""

    @property
    def root(self) -> bytes:
        """The root hash."""

    def leaf(self, path: bytes) -> bytes | None:
        """The leaf hash at `path`, None if no key stands there."""

    def siblings(self, path: bytes) -> tuple[bytes, ...]:
        """The hashes beside the way from the leaf at `path` up to the root."""

    def neighbours(self, path: bytes) -> tuple[bytes | None, bytes | None]:
        """The nearest paths below and above `path` that have a leaf."""


def prove_membership(view: Provable, key: bytes, value: bytes) -> CommitmentProof:
    """The proof that `key` has `value` under the view's root.

    Raises `KeyAbsent`, and `StateDiffers` if the tree holds another value.
    """
    return CommitmentProof(exist=_prove(view, key, value))


def prove_non_membership(
    view: Provable, key: bytes, key_value_of_path: Callable[[bytes], tuple[bytes, bytes]]
) -> CommitmentProof:
    """The proof that `key` has no value under the view's root.

    `key_value_of_path` gives key and value of a neighbour, as they were under this root, from its
    path. Raises `KeyPresent`, `StateDiffers`, and `NoNeighbour` for a tree without keys.
    """
    path = path_of(key)
    if view.leaf(path) is not None:
        raise KeyPresent("the key is in the state", value=key)
    sides = [None if beside is None else _prove(view, *key_value_of_path(beside)) for beside in view.neighbours(path)]
    if sides == [None, None]:
        raise NoNeighbour("the state holds no key")
    return CommitmentProof(nonexist=NonExistenceProof(key, *sides))


def verify_membership(root: bytes, key: bytes, value: bytes, proof: CommitmentProof) -> None:
    """Check that `proof` shows `key` with `value` under `root`; the steps are in the module's text.

    Raises `OtherKind`, `OtherKey`, `OtherValue`, `NotOfSpec` or `OtherRoot`.
    """
    found = proof.exist
    if found is None:  # (1)
        raise OtherKind("not a proof of membership")
    if found.key != key:
        raise OtherKey("the proof is of another key", value=found.key)
    if found.value != value:
        raise OtherValue("the proof is of another value", value=found.value)
    _check_existence(root, found)  # (2) (3) (4)


def verify_non_membership(root: bytes, key: bytes, proof: CommitmentProof) -> None:
    """Check that `proof` shows `key` absent under `root`; the steps are in the module's text.

    Raises `OtherKind`, `OtherKey`, `NotOfSpec`, `OtherRoot` or `NotNeighbours`.
    """
    absent = proof.nonexist
    if absent is None:  # (1)
        raise OtherKind("not a proof of non-membership")
    path = path_of(key)
    if absent.key not in (key, path):
        raise OtherKey("the proof is of another key", value=absent.key)
    left, right = absent.left, absent.right
    if left is not None:
        _check_existence(root, left)  # (2)
        if path_of(left.key) >= path:  # (3)
            raise NotNeighbours("the left neighbour does not lie before the key", value=left.key)
    if right is not None:
        _check_existence(root, right)  # (2)
        if path_of(right.key) <= path:  # (3)
            raise NotNeighbours("the right neighbour does not lie after the key", value=right.key)
    _check_adjacent(left, right)  # (4)


def _prove(view: Provable, key: bytes, value: bytes) -> ExistenceProof:
    path = path_of(key)
    leaf = view.leaf(path)
    if leaf is None:
        raise KeyAbsent("the key is not in the state", value=key)
    if leaf != leaf_hash(key, value):
        raise StateDiffers("the value given is not the one in the state tree", value=key)
    siblings = view.siblings(path)
    bits = int.from_bytes(path, "big") >> (MAX_TREE_DEPTH - len(siblings))
    steps = (_step(bits >> height & 1, beside) for height, beside in enumerate(siblings))
    return ExistenceProof(key, value, SMT_LEAF, tuple(steps))


def _step(is_right: int, beside: bytes) -> InnerOp:
    if is_right:
        return InnerOp(_SHA256, _INNER + beside)
    return InnerOp(_SHA256, _INNER, beside)


def _check_existence(root: bytes, proof: ExistenceProof) -> None:
    """Steps 2 to 4 of membership."""
    if not proof.key or not proof.value:
        raise NotOfSpec("the key or the value is empty")
    if proof.leaf != SMT_LEAF:  # (2)
        raise NotOfSpec("the leaf operation is not the state's")
    if len(proof.path) > MAX_TREE_DEPTH:  # (3)
        raise NotOfSpec(f"more than {MAX_TREE_DEPTH} steps", value=len(proof.path))
    current = leaf_hash(proof.key, proof.value)
    bits = int.from_bytes(path_of(proof.key), "big") >> (MAX_TREE_DEPTH - len(proof.path))
    for height, step in enumerate(proof.path):
        _check_step(step)
        if bool(step.suffix) == bits >> height & 1:
            raise NotOfSpec("the leaf does not stand where its key's path leads", value=proof.key)
        current = node_hash(current, step.suffix) if step.suffix else node_hash(step.prefix[1:], current)
    if current != root:  # (4)
        raise OtherRoot("the proof leads to another root", value=current)


def _check_step(step: InnerOp) -> None:
    left = len(step.prefix) == 1 and len(step.suffix) == HASH_SIZE
    right = len(step.prefix) == 1 + HASH_SIZE and not step.suffix
    if step.hash != _SHA256 or step.prefix[:1] != _INNER or not (left or right):
        raise NotOfSpec("a step is not an inner node of the state tree", value=step.prefix)


def _check_adjacent(left: ExistenceProof | None, right: ExistenceProof | None) -> None:
    """Step 4 of non-membership."""
    if left is None and right is None:
        raise NotNeighbours("both neighbours are missing")
    below = list(left.path) if left is not None else []
    above = list(right.path) if right is not None else []
    if left is not None and right is not None:
        while below and above and below[-1] == above[-1]:
            below.pop()
            above.pop()
        # The ways part here: the left one comes up as the left child, the right one as the right.
        if not (below and above and below.pop().suffix and not above.pop().suffix):
            raise NotNeighbours("the two neighbours do not part at one node")
    if not all(_keeps_right(step) for step in below):
        raise NotNeighbours("there is a leaf after the left neighbour")
    if not all(_keeps_left(step) for step in above):
        raise NotNeighbours("there is a leaf before the right neighbour")


def _keeps_right(step: InnerOp) -> bool:
    return not step.suffix or step.suffix == EMPTY


def _keeps_left(step: InnerOp) -> bool:
    return bool(step.suffix) or step.prefix[1:] == EMPTY
