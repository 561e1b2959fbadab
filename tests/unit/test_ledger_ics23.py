"""ICS23 proofs of the state: bytes, verification step by step, and the deceptions that must fail."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from ledger import ics23
from ledger.errors import ContradictionError, InputError, LadingError
from ledger.ics23 import CommitmentProof, ExistenceProof, InnerOp, LeafOp, NonExistenceProof
from ledger.smt import StateTree, leaf_hash, node_hash, path_of

KEYS = sorted((b"key %03d" % number for number in range(200)), key=path_of)
ABSENT = sorted((b"absent %03d" % number for number in range(800)), key=path_of)


def value_of(key):
    return b"value of " + key


def tree_of(keys):
    return StateTree.build(sorted((path_of(key), leaf_hash(key, value_of(key))) for key in keys))


TREE = tree_of(KEYS)
VIEW = TREE.at()
ROOT = TREE.root
CONTENTS = {path_of(key): (key, value_of(key)) for key in KEYS}


def exist(key=KEYS[50], /, **changes):
    return replace(ics23.prove_membership(VIEW, key, value_of(key)).exist, **changes)


def nonexist(key=ABSENT[200], /, **changes):
    return replace(ics23.prove_non_membership(VIEW, key, CONTENTS.__getitem__).nonexist, **changes)


def check(proof, key=KEYS[50], value=None):
    ics23.verify_membership(ROOT, key, value_of(key) if value is None else value, CommitmentProof(exist=proof))


def check_absent(proof, key=ABSENT[200]):
    ics23.verify_non_membership(ROOT, key, CommitmentProof(nonexist=proof))


def flipped(data):
    """Every way to change one bit of `data`."""
    for at in range(len(data)):
        for bit in range(8):
            yield data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]


def test_the_bytes_of_a_proof():
    """Field by field: the sibling stands after the child of a left leaf, before that of a right one."""
    first, second = sorted((b"a", b"b"), key=path_of)
    small = tree_of([first, second])
    beside = leaf_hash(second, value_of(second))
    value = value_of(first)
    expected = (
        b"\x0a" + bytes((2 + 1 + 2 + len(value) + 2 + 9 + 2 + 39,))
        + b"\x0a\x01" + first
        + b"\x12" + bytes((len(value),)) + value
        + b"\x1a\x09" + bytes.fromhex("0801100118012a0100")
        + b"\x22\x27" + b"\x08\x01" + b"\x12\x01\x01" + b"\x1a\x20" + beside
    )  # fmt: skip
    assert path_of(first)[0] < 128 <= path_of(second)[0]
    assert ics23.encode(ics23.prove_membership(small.at(), first, value)) == expected
    right = ics23.prove_membership(small.at(), second, value_of(second)).exist
    assert right.path == (InnerOp(1, b"\x01" + leaf_hash(first, value), b""),)


def test_every_key_is_proved():
    for key in KEYS:
        proof = ics23.prove_membership(VIEW, key, value_of(key))
        ics23.verify_membership(ROOT, key, value_of(key), proof)
        assert ics23.decode(ics23.encode(proof)) == proof


def test_every_absence_is_proved():
    for key in ABSENT:
        proof = ics23.prove_non_membership(VIEW, key, CONTENTS.__getitem__)
        ics23.verify_non_membership(ROOT, key, proof)
        assert ics23.decode(ics23.encode(proof)) == proof
    assert path_of(ABSENT[0]) < path_of(KEYS[0])
    assert path_of(ABSENT[-1]) > path_of(KEYS[-1])
    assert (nonexist(ABSENT[0]).left, nonexist(ABSENT[-1]).right) == (None, None)


def test_absence_may_name_the_path():
    check_absent(nonexist(ABSENT[200]), ABSENT[200])
    check_absent(replace(nonexist(ABSENT[200]), key=path_of(ABSENT[200])), ABSENT[200])


def test_a_tree_of_one_key():
    tree = tree_of([b"only"])
    proof = ics23.prove_membership(tree.at(), b"only", value_of(b"only"))
    assert proof.exist.path == ()
    ics23.verify_membership(tree.root, b"only", value_of(b"only"), proof)
    absent = ics23.prove_non_membership(tree.at(), b"other", lambda _: (b"only", value_of(b"only")))
    ics23.verify_non_membership(tree.root, b"other", absent)
    with pytest.raises(ics23.NotNeighbours):
        ics23.verify_non_membership(
            tree.root, b"only", CommitmentProof(nonexist=NonExistenceProof(b"only", None, proof.exist))
        )


def test_a_tree_without_keys_has_no_proof():
    view = StateTree().at()
    with pytest.raises(ics23.KeyAbsent):
        ics23.prove_membership(view, b"key", b"value")
    with pytest.raises(ics23.NoNeighbour):
        ics23.prove_non_membership(view, b"key", CONTENTS.__getitem__)
    with pytest.raises(ics23.NotNeighbours):
        ics23.verify_non_membership(bytes(32), b"key", CommitmentProof(nonexist=NonExistenceProof(b"key", None, None)))


def test_what_is_not_so_is_not_proved():
    with pytest.raises(ics23.KeyAbsent):
        ics23.prove_membership(VIEW, ABSENT[0], b"value")
    with pytest.raises(ics23.KeyPresent):
        ics23.prove_non_membership(VIEW, KEYS[0], CONTENTS.__getitem__)
    with pytest.raises(ics23.StateDiffers):
        ics23.prove_membership(VIEW, KEYS[0], b"another value")
    with pytest.raises(ics23.StateDiffers):
        ics23.prove_non_membership(VIEW, ABSENT[200], lambda path: (CONTENTS[path][0], b"changed"))


def test_any_changed_bit_of_a_proof_is_refused():
    key = KEYS[50]
    for data in flipped(ics23.encode(CommitmentProof(exist=exist(key)))):
        with pytest.raises((InputError, ContradictionError)):
            ics23.verify_membership(ROOT, key, value_of(key), ics23.decode(data))
    key = ABSENT[200]
    for data in flipped(ics23.encode(CommitmentProof(nonexist=nonexist(key)))):
        with pytest.raises((InputError, ContradictionError)):
            ics23.verify_non_membership(ROOT, key, ics23.decode(data))


def test_another_question_is_not_answered():
    with pytest.raises(ics23.OtherKey):
        check(exist(KEYS[50]), KEYS[51])
    with pytest.raises(ics23.OtherValue):
        check(exist(KEYS[50]), KEYS[50], b"another value")
    with pytest.raises(ics23.OtherKey):
        check_absent(nonexist(ABSENT[200]), ABSENT[201])
    with pytest.raises(ics23.OtherKind):
        ics23.verify_membership(ROOT, KEYS[50], value_of(KEYS[50]), CommitmentProof())
    with pytest.raises(ics23.OtherKind):
        ics23.verify_non_membership(ROOT, ABSENT[200], CommitmentProof(exist=exist()))


@pytest.mark.parametrize("root", [b"", bytes(32), ROOT[:31], ROOT + b"\0"])
def test_another_root_is_not_reached(root):
    with pytest.raises(ics23.OtherRoot):
        ics23.verify_membership(root, KEYS[50], value_of(KEYS[50]), CommitmentProof(exist=exist(KEYS[50])))


@pytest.mark.parametrize(
    "leaf",
    [
        None,
        LeafOp(),
        replace(ics23.SMT_LEAF, prefix=b"\0\0"),
        replace(ics23.SMT_LEAF, prefix=b"\1"),
        replace(ics23.SMT_LEAF, hash=2),
        replace(ics23.SMT_LEAF, prehash_key=0),
        replace(ics23.SMT_LEAF, prehash_value=0),
        replace(ics23.SMT_LEAF, length=1),
    ],
)
def test_another_leaf_operation_is_refused(leaf):
    with pytest.raises(ics23.NotOfSpec):
        check(exist(leaf=leaf))


@pytest.mark.parametrize(
    "step",
    [
        InnerOp(2, b"\1", bytes(32)),
        InnerOp(0, b"\1", bytes(32)),
        InnerOp(1, b"\0", bytes(32)),
        InnerOp(1, b"\2", bytes(32)),
        InnerOp(1, b"", bytes(32)),
        InnerOp(1, b"\1", b""),
        InnerOp(1, b"\1", bytes(31)),
        InnerOp(1, b"\1", bytes(64)),
        InnerOp(1, b"\1" + bytes(31), b""),
        InnerOp(1, b"\1" + bytes(32), bytes(32)),
        InnerOp(1, b"\1" + bytes(64), b""),
    ],
)
def test_another_inner_operation_is_refused(step):
    with pytest.raises(ics23.NotOfSpec):
        check(exist(path=(*exist().path, step)))


def test_a_way_of_more_than_256_steps_is_refused():
    left, right = InnerOp(1, b"\1", bytes(32)), InnerOp(1, b"\1" + bytes(32))
    bits = int.from_bytes(path_of(KEYS[50]), "big")
    steps = tuple(right if bits >> height & 1 else left for height in range(256))
    with pytest.raises(ics23.OtherRoot):
        check(exist(path=steps))
    with pytest.raises(ics23.NotOfSpec):
        check(exist(path=(*steps, left)))


@pytest.mark.parametrize("empty", ["key", "value"])
def test_an_empty_key_or_value_is_refused(empty):
    forged = exist(**{empty: b""})
    with pytest.raises(ics23.NotOfSpec):
        ics23.verify_membership(ROOT, forged.key, forged.value, CommitmentProof(exist=forged))


def test_an_inner_node_does_not_pass_for_a_leaf():
    """A leaf whose hash would be made of two children's: its prefix would have to be 0x01."""
    left, right = (leaf_hash(key, value_of(key)) for key in (b"a", b"b"))
    forged = ExistenceProof(left, right, replace(ics23.SMT_LEAF, prehash_key=0, prehash_value=0, prefix=b"\1"), ())
    with pytest.raises(ics23.NotOfSpec):
        ics23.verify_membership(node_hash(left, right), left, right, CommitmentProof(exist=forged))


def test_a_key_in_the_state_is_not_proved_absent():
    """By its own neighbours; by itself on either side; by leaving out either neighbour."""
    before, key, after = (exist(KEYS[at]) for at in (49, 50, 51))
    for left, right in ((before, after), (before, key), (key, after), (key, key), (before, None), (None, after)):
        with pytest.raises(ics23.NotNeighbours):
            check_absent(NonExistenceProof(key.key, left, right), key.key)


def test_neighbours_that_leave_out_a_leaf_are_refused():
    for at in range(1, len(KEYS) - 2):
        left, right = exist(KEYS[at - 1]), exist(KEYS[at + 1])
        with pytest.raises(ics23.NotNeighbours):
            check_absent(NonExistenceProof(KEYS[at], left, right), KEYS[at])


def test_one_neighbour_must_be_the_outermost():
    inside = nonexist(ABSENT[200])
    for forged in (replace(inside, left=None), replace(inside, right=None)):
        with pytest.raises(ics23.NotNeighbours):
            check_absent(forged)
    for forged in (replace(inside, left=None, right=exist(KEYS[0])), replace(inside, left=exist(KEYS[-1]), right=None)):
        with pytest.raises(ics23.NotNeighbours):
            check_absent(forged)


def test_both_neighbours_are_needed_in_their_order():
    inside = nonexist(ABSENT[200])
    for forged in (
        replace(inside, left=inside.right, right=inside.left),
        replace(inside, left=inside.left, right=inside.left),
        replace(inside, left=None, right=None),
    ):
        with pytest.raises(ics23.NotNeighbours):
            check_absent(forged)


def test_a_leaf_at_the_wrong_place_is_refused():
    """A root that was not made by the rules: the two leaves stand the wrong way round."""
    low, high = KEYS[10], KEYS[190]
    hashes = {key: leaf_hash(key, value_of(key)) for key in (low, high)}
    root = node_hash(hashes[high], hashes[low])
    for proof in (
        exist(low, path=(InnerOp(1, b"\1" + hashes[high]),)),
        exist(high, path=(InnerOp(1, b"\1", hashes[low]),)),
    ):
        with pytest.raises(ics23.NotOfSpec):
            ics23.verify_membership(root, proof.key, proof.value, CommitmentProof(exist=proof))


def test_a_root_does_not_hold_one_key_twice():
    """Its maker puts a second leaf of the key on the other side; only one of them can be shown."""
    key = KEYS[10]
    hashes = [leaf_hash(key, value) for value in (b"first", b"second")]
    root = node_hash(*hashes)
    left = exist(key, value=b"first", path=(InnerOp(1, b"\1", hashes[1]),))
    right = exist(key, value=b"second", path=(InnerOp(1, b"\1" + hashes[0]),))
    ics23.verify_membership(root, key, b"first", CommitmentProof(exist=left))
    with pytest.raises(ics23.NotOfSpec):
        ics23.verify_membership(root, key, b"second", CommitmentProof(exist=right))


def test_a_neighbour_must_be_in_the_state():
    inside = nonexist(ABSENT[200])
    with pytest.raises(ics23.OtherRoot):
        check_absent(replace(inside, left=replace(inside.left, value=b"changed")))
    with pytest.raises((ics23.NotOfSpec, ics23.OtherRoot)):
        check_absent(replace(inside, right=replace(inside.right, key=ABSENT[201])))


def test_an_empty_half_is_passed_on_the_way_to_the_edge():
    """Two keys in the last quarter of a half: their parent's left sibling is empty."""
    pool = sorted((b"pool %04d" % number for number in range(3_000)), key=path_of)
    low = [key for key in pool if path_of(key)[0] >> 5 == 0b001][:2]
    high = [key for key in pool if path_of(key)[0] >> 6 == 0b10][:2]
    tree = tree_of([*low, *high])
    contents = {path_of(key): (key, value_of(key)) for key in (*low, *high)}
    for bits in (0b000, 0b010, 0b011, 0b110, 0b111):
        absent = next(key for key in pool if path_of(key)[0] >> 5 == bits)
        proof = ics23.prove_non_membership(tree.at(), absent, contents.__getitem__)
        ics23.verify_non_membership(tree.root, absent, proof)


SMALL = ics23.encode(CommitmentProof(nonexist=NonExistenceProof(b"k", None, ExistenceProof(b"a", b"b", None, ()))))


def test_small_bytes():
    assert SMALL.hex() == "120b" + "0a016b" + "1a06" + "0a0161" + "120162"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ics23.ProofUndecodable),
        (bytes(65_537), ics23.ProofTooLarge),
        (bytes(65_536), ics23.ProofUndecodable),
        (b"\x0a", ics23.ProofUndecodable),
        (b"\x0a\x05\x0a\x01a", ics23.ProofUndecodable),
        (b"\x0a\x80", ics23.ProofUndecodable),
        (b"\x0a\xff\xff\xff\xff\xff\xff\x01", ics23.ProofUndecodable),
        (b"\x0a\x00\x12\x00", ics23.ProofUndecodable),  # both kinds
        (b"\x0a\x00\x0a\x00", ics23.ProofUndecodable),  # one kind twice
        (b"\x1a\x00", ics23.ProofUndecodable),  # a batch
        (b"\x22\x00", ics23.ProofUndecodable),  # a compressed one
        (b"\x08\x01", ics23.ProofUndecodable),  # a number where bytes belong
        (b"\x0a\x03\x0a\x01a\x08\x00", ics23.ProofUndecodable),
        (b"\x0a\x80\x00", ics23.ProofNotCanonical),  # a length in two bytes for one
        (b"\x0a\x02\x0a\x00", ics23.ProofNotCanonical),  # an empty key written out
        (b"\x0a\x06\x12\x01b\x0a\x01a", ics23.ProofNotCanonical),  # value before key
        (b"\x0a\x04\x1a\x02\x20\x00", ics23.ProofNotCanonical),  # a zero written out
        (b"\x0a\x02\x28\x01", ics23.ProofUndecodable),  # a field that is not there
        (b"\x0a\x06\x0a\x01a\x0a\x01a", ics23.ProofUndecodable),  # a field twice
        ("proof", ics23.ProofUndecodable),
    ],
    ids=repr,
)
def test_bytes_that_are_refused(data, error):
    if data == "proof":
        data = SMALL + b"\0"
    with pytest.raises(error):
        ics23.decode(data)


def test_an_empty_message_is_not_the_same_as_none():
    proof = CommitmentProof(exist=ExistenceProof(b"", b"", LeafOp(), (InnerOp(),)))
    assert ics23.encode(proof) == b"\x0a\x04\x1a\x00\x22\x00"
    assert ics23.decode(b"\x0a\x04\x1a\x00\x22\x00") == proof


def test_a_proof_cut_short_anywhere_is_refused():
    data = ics23.encode(CommitmentProof(nonexist=nonexist()))
    for size in range(len(data)):
        with pytest.raises(InputError):
            ics23.decode(data[:size])


def test_random_bytes_leak_nothing_but_our_errors():
    for seed in range(2_000):
        data = b"\x0a" + sha256(b"%d" % seed).digest()
        with pytest.raises(LadingError):
            ics23.decode(data)
