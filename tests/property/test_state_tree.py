"""The state tree against a plain dict that is hashed anew, straight from the definition."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from ledger import ics23
from ledger.smt import StateTree, leaf_hash, node_hash, path_of

# Few first bytes and few last ones, so that ways are shared for long and buckets fill unevenly.
CROWDED = st.tuples(
    st.sampled_from([b"", b"\0", b"\0" * 9, b"\x80", b"\xff" * 20]), st.binary(min_size=1, max_size=3)
).map(lambda parts: (parts[0] + parts[1]).ljust(32, b"\0"))
SPREAD = st.binary(min_size=1, max_size=2).map(lambda data: sha256(data).digest())
PATHS = CROWDED | SPREAD
LEAVES = st.integers(0, 2**32).map(lambda number: sha256(b"%d" % number).digest())
BATCHES = st.lists(st.dictionaries(PATHS, LEAVES, max_size=25), max_size=8)
KEYS = st.integers(0, 60).map(lambda number: b"key %d" % number)
VALUES = st.binary(min_size=1, max_size=3)


def root_of(pairs):
    def subtree(paths, depth):
        if not paths:
            return bytes(32)
        if len(paths) == 1:
            return pairs[paths[0]]
        halves = [], []
        for path in paths:
            halves[int.from_bytes(path, "big") >> 255 - depth & 1].append(path)
        return sha256(b"\x01" + subtree(halves[0], depth + 1) + subtree(halves[1], depth + 1)).digest()

    return subtree(list(pairs), 0)


def climb(view, path):
    current = view.leaf(path)
    siblings = view.siblings(path)
    for height, beside in enumerate(siblings):
        is_right = int.from_bytes(path, "big") >> 256 - len(siblings) + height & 1
        current = node_hash(beside, current) if is_right else node_hash(current, beside)
    return current


def around(pairs, path):
    below = max((other for other in pairs if other < path), default=None)
    return below, min((other for other in pairs if other > path), default=None)


@given(BATCHES)
def test_batches_give_the_root_of_what_they_hold(batches):
    tree, held = StateTree(), {}
    for batch in batches:
        undo = tree.update(batch)
        assert undo == {path: held.get(path) for path in batch}
        held.update(batch)
        assert (tree.root, len(tree)) == (root_of(held), len(held))
        assert {path: tree.leaf(path) for path in held} == held
    assert StateTree.build(sorted(held.items())).root == tree.root


@given(st.dictionaries(PATHS, LEAVES, max_size=60), st.randoms(use_true_random=False), st.integers(1, 60))
def test_the_order_of_keys_does_not_matter(pairs, source, size):
    order = sorted(pairs)
    source.shuffle(order)
    tree = StateTree()
    for at in range(0, len(order), size):
        tree.update({path: pairs[path] for path in order[at : at + size]})
    assert tree.root == root_of(pairs)


@given(BATCHES)
def test_batches_are_taken_back_one_by_one(batches):
    tree, undos, roots = StateTree(), [], []
    for batch in batches:
        roots.append((tree.root, len(tree)))
        undos.append(tree.update(batch))
    while undos:
        assert tree.update(tree.update(undos[-1])) == undos[-1]
        tree.update(undos.pop())
        assert (tree.root, len(tree)) == roots.pop()


@given(BATCHES, PATHS)
def test_a_view_is_the_tree_of_its_time(batches, elsewhere):
    tree, undos, states = StateTree(), [], [{}]
    for batch in batches:
        undos.append(tree.update(batch))
        states.append({**states[-1], **batch})
    now = tree.root
    for height, held in enumerate(states):
        view = tree.at(undos[height:])
        assert view.root == root_of(held)
        assert {path: view.leaf(path) for path in states[-1]} == {path: held.get(path) for path in states[-1]}
        assert all(climb(view, path) == view.root for path in held)
        assert view.neighbours(elsewhere) == around(held, elsewhere)
    assert tree.root == now


@given(st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=12), min_size=1, max_size=21))
def test_every_key_is_proved_or_proved_absent_under_each_root(batches):
    tree, undos, states, roots = StateTree(), [], [], []
    for batch in batches:
        undos.append(tree.update({path_of(key): leaf_hash(key, value) for key, value in batch.items()}))
        states.append({**(states[-1] if states else {}), **batch})
        roots.append(tree.root)
    for height, (held, root) in enumerate(zip(states, roots, strict=True), 1):
        view = tree.at(undos[height:])
        by_path = {path_of(key): (key, value) for key, value in held.items()}
        for key in states[-1]:
            if key in held:
                proof = ics23.prove_membership(view, key, held[key])
                ics23.verify_membership(root, key, held[key], proof)
            else:
                proof = ics23.prove_non_membership(view, key, by_path.__getitem__)
                ics23.verify_non_membership(root, key, proof)
            assert ics23.decode(ics23.encode(proof)) == proof


@given(st.binary(max_size=200))
def test_what_decodes_encodes_to_the_same_bytes(data):
    try:
        proof = ics23.decode(data)
    except (ics23.ProofUndecodable, ics23.ProofNotCanonical):
        return
    assert ics23.encode(proof) == data
