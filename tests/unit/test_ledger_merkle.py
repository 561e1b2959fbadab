"""The tree of RFC 6962: hashes, roots, paths, right edge, against the RFC's own recursion."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest

from ledger import merkle
from ledger.merkle import Frontier

# The inputs and roots that implementations of Certificate Transparency share as a test.
CT_INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = range(131)
DATA = [b"entry %d" % number for number in range(max(SIZES))]
LEAVES = [merkle.leaf_hash(data) for data in DATA]


# The oracle: RFC 6962 §2.1 word for word, over D[start:end].


def split(count):
    """The largest power of two smaller than `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


@cache
def mth(start, end):
    if start == end:
        return sha256(b"").digest()
    if end - start == 1:
        return sha256(b"\x00" + DATA[start]).digest()
    middle = start + split(end - start)
    return sha256(b"\x01" + mth(start, middle) + mth(middle, end)).digest()


def path(m, start, end):
    if end - start == 1:
        return []
    k = split(end - start)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m, start, end, whole):
    if m == end - start:
        return [] if whole else [mth(start, end)]
    k = split(end - start)
    if m <= k:
        return [*subproof(m, start, start + k, whole), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, False), mth(start, start + k)]


def hash_at(level, number):
    return mth(number << level, (number + 1) << level)


def test_empty_root():
    assert merkle.EMPTY_ROOT.hex() == CT_ROOTS[0]
    assert merkle.root([]) == merkle.EMPTY_ROOT == Frontier().root()


@pytest.mark.parametrize("size", range(9))
def test_roots_of_certificate_transparency(size):
    leaves = [merkle.leaf_hash(data) for data in CT_INPUTS[:size]]
    assert merkle.root(leaves).hex() == CT_ROOTS[size]


def test_a_leaf_that_looks_like_a_node_is_another_leaf():
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
    assert merkle.leaf_hash(b"\x01" + left + right) != merkle.node_hash(left, right)


def test_roots_of_all_sizes():
    assert [merkle.root(LEAVES[:size]) for size in SIZES] == [mth(0, size) for size in SIZES]


def test_every_inclusion_proof():
    for size in SIZES:
        for index in range(size):
            proof = merkle.inclusion_path(hash_at, index, size)
            assert proof == path(index, 0, size)
            merkle.verify_inclusion(LEAVES[index], index, size, proof, mth(0, size))


def test_every_consistency_proof():
    for new in SIZES:
        for old in range(new + 1):
            proof = merkle.consistency_path(hash_at, old, new)
            assert proof == (subproof(old, 0, new, True) if old else [])
            merkle.verify_consistency(old, mth(0, old), new, mth(0, new), proof)


def test_proofs_read_only_subtrees_that_are_complete():
    def strict(level, number):
        assert (number + 1) << level <= size
        return hash_at(level, number)

    for size in range(1, 70):
        for other in range(size):
            merkle.inclusion_path(strict, other, size)
            merkle.consistency_path(strict, other, size)


def changes(hashes):
    """Every way of changing a list of hashes a little."""
    for at, value in enumerate(hashes):
        for byte in (0, 31):
            mask = bytes(1 << (at % 8) if place == byte else 0 for place in range(32))
            changed = bytes(a ^ b for a, b in zip(value, mask, strict=True))
            yield [*hashes[:at], changed, *hashes[at + 1 :]]
        yield [*hashes[:at], *hashes[at + 1 :]]
        yield [*hashes[:at], value, *hashes[at:]]
    for other in (LEAVES[0], merkle.EMPTY_ROOT, bytes(32)):
        yield [other, *hashes]
        yield [*hashes, other]
    if len(hashes) > 1 and hashes != hashes[::-1]:
        yield hashes[::-1]


def test_every_changed_inclusion_proof_is_refused():
    for size in range(1, 20):
        for index in range(size):
            leaf, tree_root = LEAVES[index], mth(0, size)
            proof = path(index, 0, size)
            for changed in changes(proof):
                with pytest.raises(merkle.NotIncluded):
                    merkle.verify_inclusion(leaf, index, size, changed, tree_root)
            for other in range(20):
                if other != index:
                    with pytest.raises(merkle.NotIncluded):
                        merkle.verify_inclusion(leaf, other, size, proof, tree_root)
            with pytest.raises(merkle.NotIncluded):
                merkle.verify_inclusion(LEAVES[index + 1], index, size, proof, tree_root)
            with pytest.raises(merkle.NotIncluded):
                merkle.verify_inclusion(leaf, index, size, proof, mth(0, size + 1))


def test_every_changed_consistency_proof_is_refused():
    for new in range(1, 20):
        for old in range(new + 1):
            proof = subproof(old, 0, new, True) if old else []
            for changed in changes(proof):
                with pytest.raises(merkle.NotConsistent):
                    merkle.verify_consistency(old, mth(0, old), new, mth(0, new), changed)
            with pytest.raises(merkle.NotConsistent):
                merkle.verify_consistency(old, mth(0, old + 1), new, mth(0, new), proof)
            if old:
                with pytest.raises(merkle.NotConsistent):
                    merkle.verify_consistency(old, mth(0, old), new, mth(0, new + 1), proof)


def test_rewritten_history_is_detected():
    forged = [*LEAVES[:3], merkle.leaf_hash(b"rewritten"), *LEAVES[4:9]]

    def forged_at(level, number):
        return merkle.root(forged[number << level : (number + 1) << level])

    proof = merkle.consistency_path(forged_at, 7, 9)
    merkle.verify_consistency(7, merkle.root(forged[:7]), 9, merkle.root(forged), proof)
    with pytest.raises(merkle.NotConsistent, match="root of size 7"):
        merkle.verify_consistency(7, mth(0, 7), 9, merkle.root(forged), proof)


def test_from_the_empty_tree_nothing_needs_to_be_proved():
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 0, merkle.EMPTY_ROOT, [])
    merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, mth(0, 5), [])
    with pytest.raises(merkle.NotConsistent, match="size 0 with another root"):
        merkle.verify_consistency(0, mth(0, 1), 5, mth(0, 5), [])
    with pytest.raises(merkle.NotConsistent, match="size 0 with another root"):
        merkle.verify_consistency(0, mth(0, 1), 0, mth(0, 1), [])
    with pytest.raises(merkle.NotConsistent, match="where none is needed"):
        merkle.verify_consistency(0, merkle.EMPTY_ROOT, 5, mth(0, 5), [LEAVES[0]])


def test_a_shrunk_log_is_not_consistent():
    with pytest.raises(merkle.NotConsistent, match="size 5 is not before size 4"):
        merkle.verify_consistency(5, mth(0, 5), 4, mth(0, 4), [])


@pytest.mark.parametrize("bad", [b"", b"\x00" * 31, b"\x00" * 33])
def test_hashes_of_another_length_are_refused(bad):
    with pytest.raises(merkle.BadHash) as caught:
        merkle.verify_inclusion(bad, 0, 1, [], bad)
    assert caught.value.code == "merkle.bad_hash"
    for arguments in ((1, bad, 1, bad, []), (1, mth(0, 1), 2, mth(0, 2), [bad])):
        with pytest.raises(merkle.BadHash):
            merkle.verify_consistency(*arguments)
    with pytest.raises(merkle.BadHash):
        merkle.verify_inclusion(LEAVES[0], 0, 2, [bad], mth(0, 2))
    with pytest.raises(merkle.BadHash):
        Frontier().extend([LEAVES[0], bad])
    with pytest.raises(merkle.BadHash):
        Frontier(1, (bad,))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5), (0, -1), (0, 2**63)])
def test_no_path_outside_the_tree(index, size):
    with pytest.raises(merkle.BadPosition) as caught:
        merkle.inclusion_path(hash_at, index, size)
    assert caught.value.code == "merkle.bad_position"


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5), (0, -1), (0, 2**63)])
def test_no_consistency_path_outside_the_tree(old, new):
    with pytest.raises(merkle.BadPosition):
        merkle.consistency_path(hash_at, old, new)


def test_negative_or_huge_positions_are_refused_on_verifying():
    one = mth(0, 1)
    for index, size in ((-1, 1), (0, -1), (0, 2**63), (2**70, 2**63 - 1)):
        with pytest.raises(merkle.BadPosition):
            merkle.verify_inclusion(one, index, size, [], one)
    for old, new in ((-1, 1), (1, 2**63), (2**70, 2**71)):
        with pytest.raises(merkle.BadPosition):
            merkle.verify_consistency(old, one, new, one, [])


def test_a_path_of_the_largest_tree_has_63_hashes():
    last = merkle.MAX_SIZE - 1
    assert len(merkle.inclusion_path(lambda _level, _number: bytes(32), 0, merkle.MAX_SIZE)) == 63
    assert len(merkle.inclusion_path(lambda _level, _number: bytes(32), last, merkle.MAX_SIZE)) == 62


def test_frontier_extends_by_any_batch_to_the_same_edge():
    for old in range(70):
        before = Frontier.read(hash_at, old)
        for new in range(old, 131):
            after, runs = before.extend(LEAVES[old:new])
            assert after == Frontier.read(hash_at, new)
            assert after.root() == mth(0, new)
            assert [run.level for run in runs] == list(range(len(runs)))


def test_frontier_yields_every_subtree_once():
    found = {}
    frontier = Frontier()
    for step in (1, 2, 3, 0, 5, 8, 13, 21, 34, 43):
        frontier, runs = frontier.extend(LEAVES[frontier.size : frontier.size + step])
        for run in runs:
            for number, value in enumerate(run.hashes, run.first):
                assert (run.level, number) not in found
                found[run.level, number] = value
    assert frontier.size == 130
    complete = {(level, n) for level in range(9) for n in range(130) if (n + 1) << level <= 130}
    assert found == {key: hash_at(*key) for key in complete}


def test_frontier_is_never_changed():
    before = Frontier.read(hash_at, 7)
    after, runs = before.append(LEAVES[7])
    assert before == Frontier.read(hash_at, 7)
    assert after == Frontier(8, (mth(0, 8),))
    assert [(run.level, run.first, list(run.hashes)) for run in runs] == [
        (0, 7, [mth(7, 8)]),
        (1, 3, [mth(6, 8)]),
        (2, 1, [mth(4, 8)]),
        (3, 0, [mth(0, 8)]),
    ]


def test_nothing_to_append():
    frontier = Frontier.read(hash_at, 5)
    assert frontier.extend([]) == (frontier, [])


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (5, 3), (8, 2)])
def test_frontier_of_a_wrong_number_of_hashes_is_refused(size, count):
    with pytest.raises(merkle.BadHash, match=f"size {size} has"):
        Frontier(size, (bytes(32),) * count)
