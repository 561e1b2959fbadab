"""The state tree: the hash rules by hand, growth, undo, views, and what is refused."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest

from ledger import smt
from ledger.smt import EMPTY, GROW_AT, StateTree, leaf_hash, node_hash, path_of
from ledger.smt_hash import fold
from ledger.smt_view import NoSuchPath


def path(*bits, tail=0):
    """A path that begins with these bits, goes on with zeros and ends with `tail`."""
    number = 0
    for at, bit in enumerate(bits):
        number |= bit << 255 - at
    return (number | tail).to_bytes(32, "big")


A, B, C = (bytes((letter,)) * 32 for letter in b"ABC")


def random_pairs(count, seed=0):
    source = random.Random(seed)
    return {source.randbytes(32): source.randbytes(32) for _ in range(count)}


def root_of(pairs):
    """The root by the definition alone."""

    def subtree(paths, depth):
        if not paths:
            return bytes(32)
        if len(paths) == 1:
            return pairs[paths[0]]
        halves = [], []
        for one in paths:
            halves[int.from_bytes(one, "big") >> 255 - depth & 1].append(one)
        return sha256(b"\x01" + subtree(halves[0], depth + 1) + subtree(halves[1], depth + 1)).digest()

    return subtree(list(pairs), 0)


def climb(view, where):
    """The root that the leaf and the siblings of a path lead to."""
    current = view.leaf(where)
    siblings = view.siblings(where)
    for height, beside in enumerate(siblings):
        is_right = int.from_bytes(where, "big") >> 256 - len(siblings) + height & 1
        current = node_hash(beside, current) if is_right else node_hash(current, beside)
    return current


def test_hash_rules():
    key, value = b"k" * 32, b"v" * 32
    assert path_of(key) == sha256(key).digest()
    assert leaf_hash(key, value) == sha256(b"\0" + sha256(key).digest() + sha256(value).digest()).digest()
    assert node_hash(A, B) == sha256(b"\1" + A + B).digest()
    assert bytes(32) == EMPTY


def test_a_known_root():
    keys = [bytes((number,)) * 32 for number in range(10)]
    pairs = sorted((path_of(key), leaf_hash(key, key)) for key in keys)
    assert StateTree.build(pairs).root.hex() == "6cbaac0b8eb14c1af398df0896869c2353697be50c6900c202f8d1e24bd6ff8d"


def test_the_empty_tree():
    tree = StateTree()
    assert (tree.root, len(tree), tree.leaf(A)) == (EMPTY, 0, None)
    assert tree.update({}) == {}
    assert StateTree.build([]).root == EMPTY
    view = tree.at()
    assert (view.root, view.leaf(A), view.neighbours(A)) == (EMPTY, None, (None, None))
    with pytest.raises(NoSuchPath):
        view.siblings(A)


def test_one_leaf_is_the_root():
    tree = StateTree()
    assert tree.update({path(0, 1, 1): A}) == {path(0, 1, 1): None}
    assert (tree.root, len(tree)) == (A, 1)
    assert tree.at().siblings(path(0, 1, 1)) == ()
    assert tree.at().neighbours(path(1)) == (path(0, 1, 1), None)
    assert tree.at().neighbours(path(0, 0)) == (None, path(0, 1, 1))


def test_a_shared_way_has_empty_siblings_and_a_lone_leaf_has_none():
    tree = StateTree()
    tree.update({path(0, 0, 0): A, path(0, 0, 1): B, path(1, 1): C})
    pair = node_hash(A, B)
    assert tree.root == node_hash(node_hash(pair, EMPTY), C)
    assert tree.at().siblings(path(0, 0, 1)) == (A, EMPTY, C)
    assert tree.at().siblings(path(1, 1)) == (node_hash(pair, EMPTY),)


def test_leaves_that_part_at_the_last_bit():
    tree = StateTree()
    tree.update({path(): A, path(tail=1): B})
    expected = node_hash(A, B)
    for _ in range(255):
        expected = node_hash(expected, EMPTY)
    assert tree.root == expected
    assert tree.at().siblings(path(tail=1)) == (A,) + (EMPTY,) * 255
    assert climb(tree.at(), path()) == expected


@pytest.mark.parametrize("count", [3, 32, 33, 100])
def test_a_bucket_of_any_size_and_depth(count):
    """More records than are unpacked at once, and paths that agree in more than 64 bits."""
    pairs = {path(1, 0, 1, tail=number << 100): sha256(bytes((number,))).digest() for number in range(count)}
    tree = StateTree()
    tree.update(pairs)
    assert tree.root == root_of(pairs)
    assert StateTree.build(sorted(pairs.items())).root == tree.root
    assert all(climb(tree.at(), where) == tree.root for where in pairs)


def test_a_leaf_counts_only_at_its_own_place():
    """32 bytes that lie across path and leaf of a record are no path of it."""
    tree = StateTree()
    tree.update({path(tail=7): bytes(32), path(tail=9): A})
    across = (path(tail=7) + bytes(32))[16:48]
    assert tree.leaf(across) is None
    tree.update({across: B})
    assert (tree.leaf(across), tree.leaf(path(tail=7)), len(tree)) == (B, bytes(32), 3)


def test_a_change_replaces_and_tells_what_was_there():
    tree = StateTree()
    tree.update({A: B})
    assert tree.update({A: C, B: A}) == {A: B, B: None}
    assert (tree.leaf(A), tree.leaf(B), len(tree)) == (C, A, 2)


def test_the_order_of_changes_does_not_matter():
    pairs = random_pairs(400)
    expected = root_of(pairs)
    for seed in range(5):
        order = list(pairs)
        random.Random(seed).shuffle(order)
        tree = StateTree()
        for at in range(0, len(order), 37):
            tree.update({where: pairs[where] for where in order[at : at + 37]})
        assert tree.root == expected


def test_growth_changes_no_root():
    pairs = random_pairs(GROW_AT * 70)
    tree, held = StateTree(), {}
    depths = [tree.depth]
    for where, leaf in pairs.items():
        tree.update({where: leaf})
        held[where] = leaf
        if tree.depth != depths[-1]:
            depths.append(tree.depth)
            assert tree.root == root_of(held)
            assert all(climb(tree.at(), one) == tree.root for one in held)
    assert depths == [0, 1, 2, 3, 4, 5, 6, 7]
    assert tree.depth == StateTree.build(sorted(pairs.items())).depth


def test_one_batch_may_fill_an_empty_tree():
    pairs = random_pairs(10_000)
    tree = StateTree()
    tree.update(pairs)
    assert (len(tree), tree.depth) == (10_000, 12)
    assert tree.root == root_of(pairs)


def test_build_takes_more_pairs_than_it_reads_at_once():
    pairs = random_pairs(9_000)
    tree = StateTree.build(iter(sorted(pairs.items())))
    assert (len(tree), tree.root) == (9_000, root_of(pairs))
    assert {where: tree.leaf(where) for where in pairs} == pairs


def test_undo_records_take_everything_back():
    tree = StateTree()
    roots, undos = [], []
    for seed in range(12):
        roots.append((tree.root, len(tree)))
        new = random_pairs(30, seed)
        old = random_pairs(9, seed - 1)
        undos.append(tree.update({where: new.get(where, A) for where in (*new, *old)}))
    while undos:
        tree.update(undos.pop())
        assert (tree.root, len(tree)) == roots.pop()


def test_a_view_shows_what_was():
    tree = StateTree()
    tree.update({path(0): A, path(1): B})
    before = tree.root
    undos = [tree.update({path(0): C, path(0, 1): C}), tree.update({path(0): B, path(1, 1): A})]
    now = tree.root
    view = tree.at(undos)
    assert view.root == before
    assert (view.leaf(path(0)), view.leaf(path(0, 1)), view.leaf(path(1, 1))) == (A, None, None)
    assert view.siblings(path(1)) == (A,)
    assert view.neighbours(path(0, 1)) == (path(0), path(1))
    assert tree.root == now == tree.at().root


def test_a_view_brings_back_what_was_taken_out():
    pairs = random_pairs(200)
    tree = StateTree.build(sorted(pairs.items()))
    before = tree.root
    undo = tree.update(dict.fromkeys(list(pairs)[:150]))
    view = tree.at([undo])
    assert (view.root, len(tree)) == (before, 50)
    assert all(climb(view, where) == before for where in pairs)


def test_a_view_of_the_time_without_keys():
    tree = StateTree()
    undo = tree.update(random_pairs(50))
    view = tree.at([undo])
    assert (view.root, view.neighbours(A)) == (EMPTY, (None, None))


def test_neighbours_across_empty_buckets():
    low, high = path(tail=1), path(*[1] * 20)
    tree = StateTree()
    undo = tree.update({low: A, high: B, **random_pairs(300)})
    view = tree.at([{where: None for where in undo if where not in (low, high)}])
    assert tree.depth > 5
    assert view.neighbours(path(1)) == (low, high)
    assert view.neighbours(path()) == (None, low)
    assert view.neighbours(bytes([255]) * 32) == (high, None)


def test_a_view_of_an_older_tree_is_refused():
    tree = StateTree()
    tree.update({A: A})
    view = tree.at()
    tree.update({B: B})
    for read in (view.leaf, view.siblings, view.neighbours):
        with pytest.raises(smt.StaleView):
            read(A)


@pytest.mark.parametrize("pairs", [{A[:31]: A}, {A: A[:31]}, {A + b"0": A}, {b"": A}, {B: B, A: b""}])
def test_what_is_not_32_bytes_changes_nothing(pairs):
    tree = StateTree()
    tree.update({C: C})
    with pytest.raises(smt.BadPair):
        tree.update(pairs)
    assert (tree.root, len(tree)) == (C, 1)
    with pytest.raises(smt.BadPair):
        StateTree.build(sorted(pairs.items()))


@pytest.mark.parametrize("paths", [[B, A], [A, A], [A, B, B, C]])
def test_unsorted_pairs_are_refused(paths):
    with pytest.raises(smt.BadPair):
        StateTree.build([(where, C) for where in paths])


def test_pairs_are_sorted_over_all_that_is_read():
    pairs = sorted(random_pairs(4_096).items())
    with pytest.raises(smt.BadPair):
        StateTree.build([*pairs, pairs[4_000]])


@pytest.mark.parametrize("where", [b"", A[:31], A + A])
def test_a_path_of_another_size_is_refused(where):
    tree = StateTree()
    tree.update({A: A})
    view = tree.at()
    for read in (tree.leaf, view.leaf, view.siblings, view.neighbours):
        with pytest.raises(smt.BadPair):
            read(where)


def test_fold_of_nothing_and_of_one_record():
    assert fold(b"", 7) == EMPTY
    assert fold(A + B, 7) == B
