"""What every store does: the twin in memory and the database, by the same tests.

Another adapter joins with one more line in `OPENERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from support.batches import Script, filled

from ledger import merkle
from ledger.merkle import BadPosition, Frontier
from ledger.record import Item
from ledger.smt import StateTree
from ledger.store.memory import MemoryStore
from ledger.store.port import Store, StoreDamaged, StoredCheckpoint, StoredEntry, StoreMoved
from ledger.store.sqlite import open_sqlite

OPENERS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda folder: MemoryStore(),
    "sqlite": lambda folder: open_sqlite(folder / "ledger.db", create=True, cache_mib=1),
}
BODY = "example.org/ledger\n5\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


@pytest.fixture(params=OPENERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = OPENERS[request.param](tmp_path)
    yield store
    store.close()


def fill(store: Store, script: Script) -> Script:
    for batch in script.batches:
        store.append(batch)
    return script


def whole(store: Store) -> list[object]:
    """Everything that a store says, in a form that can be compared."""
    head = store.head()
    height, size = (-1, 0) if head is None else (head.height, head.size)
    return [
        head,
        store.frontier(),
        list(store.entries(0, 1_000_000)),
        list(store.all_items()),
        [store.hash_at(level, n) for level in range(size.bit_length()) for n in range(size >> level)],
        [store.commit_index(h) for h in range(height + 2)],
        [store.closing_commit(index) for index in range(size + 1)],
        [store.undo(h) for h in range(height + 2)],
        list(store.checkpoints()),
    ]


def test_an_empty_store_has_nothing(store):
    assert whole(store) == [None, Frontier(), [], [], [], [None], [None], [None], []]
    assert store.items([bytes(32)]) == {}
    assert store.items([bytes(32)], lambda path: None) == {}
    assert store.checkpoint() is None
    assert store.checkpoint(0) is None


def test_the_head_and_the_edge_are_those_of_the_chain_after_every_batch(store):
    script = Script(1)
    for _ in range(30):
        store.append(script.batch())
        assert store.head() == script.chain.head
        assert store.frontier() == script.chain.frontier


def test_the_log_comes_back_entry_by_entry(store):
    script = fill(store, filled(25))
    entries = [StoredEntry(index, entry.data, entry.leaf, entry.previous) for index, entry in enumerate(script.entries)]
    assert list(store.entries(0, len(entries))) == entries
    assert list(store.entries(3, 5)) == entries[3:5]
    assert list(store.entries(len(entries) - 1, len(entries) + 9)) == entries[-1:]
    assert list(store.entries(-5, 2)) == entries[:2]
    for first, stop in [(5, 5), (5, 3), (len(entries), 10**9), (10**30, 10**31)]:
        assert list(store.entries(first, stop)) == []


def test_long_reads_go_on_while_batches_are_appended(store):
    script = Script(2)
    store.append(script.batch(1_500))
    before = dict(script.expected)
    items, leaves, entries = store.all_items(), store.leaves(), store.entries(0, script.chain.size)
    first = [next(items), next(leaves), next(entries)]
    logged = script.chain.size
    store.append(script.batch(1_500))
    assert {path: item for path, _, item in [first[0], *items]} == before
    assert len([first[1], *leaves]) == len(before)
    assert len([first[2], *entries]) == logged
    assert {path: item for path, _, item in store.all_items()} == script.expected


def test_the_state_comes_back_sorted_and_gives_the_root_of_the_last_commit(store):
    script = fill(store, filled(25))
    leaves = list(store.leaves())
    assert leaves == sorted(leaves)
    assert StateTree.build(leaves).root == store.head().state_root
    assert {path: item for path, _, item in store.all_items()} == script.expected
    assert [(path, leaf) for path, leaf, _ in store.all_items()] == leaves


def test_items_come_back_by_path(store):
    script = fill(store, filled(40))
    paths = list(script.expected)
    assert len(paths) > 64
    assert store.items(paths) == script.expected
    assert store.items(iter(paths), script.chain.tree.leaf) == script.expected
    assert store.items([*paths[:3], *paths[:2], bytes(32)]) == {p: script.expected[p] for p in paths[:3]}
    assert store.items([]) == {}
    for count in range(len(paths)):
        assert store.items(paths[:count], script.chain.tree.leaf) == {p: script.expected[p] for p in paths[:count]}


def test_the_state_tree_decides_which_items_are_there(store):
    script = fill(store, filled(10))
    path, item = next(iter(script.expected.items()))
    leaf = script.chain.tree.leaf
    assert store.items([path, bytes(32)], leaf) == {path: item}
    assert store.items([path], lambda path: None) == {}
    with pytest.raises(StoreDamaged, match="no state row") as caught:
        store.items([path, bytes(32)], lambda path: leaf(path) or bytes(32))
    assert caught.value.value == bytes(32)
    with pytest.raises(StoreDamaged, match="does not have its leaf hash"):
        store.items([path], lambda path: bytes(32))


def test_every_hash_of_the_log_is_there_and_no_other(store):
    script = Script(3)
    for actions in (5, 250, 1, 0, 600):
        store.append(script.batch(actions))
        leaves = [entry.leaf for entry in script.entries]
        size = len(leaves)
        for level in range(size.bit_length() + 1):
            width = 1 << level
            for number in range(size >> level):
                expected = merkle.root(leaves[number * width : (number + 1) * width])
                assert store.hash_at(level, number) == expected
            with pytest.raises(BadPosition):
                store.hash_at(level, size >> level)
    for level, number in [(-1, 0), (0, -1), (64, 0), (10**9, 0), (0, 10**30)]:
        with pytest.raises(BadPosition):
            store.hash_at(level, number)
    path = merkle.inclusion_path(store.hash_at, 300, size)
    merkle.verify_inclusion(leaves[300], 300, size, path, merkle.root(leaves))


def test_commits_are_found_by_height_and_by_what_they_close(store):
    script = fill(store, filled(25))
    for batch in script.batches:
        assert store.commit_index(batch.head.height) == batch.commit.index
        for index in range(batch.first, batch.commit.index + 1):
            assert store.closing_commit(index) == batch.commit.index
    for absent in (-1, 25, 2**63, 10**30):
        assert store.commit_index(absent) is None
    for absent in (-1, script.chain.size, 2**63, 10**30):
        assert store.closing_commit(absent) is None


def test_undo_records_lead_back_to_every_older_root(store):
    script = fill(store, filled(25))
    tree = StateTree.build(store.leaves())
    for batch in reversed(script.batches):
        assert tree.root == batch.commit.state_root
        undo = store.undo(batch.head.height)
        assert undo == batch.undo
        tree.update(undo)
    assert len(tree) == 0
    for absent in (-1, 25, 10**30):
        assert store.undo(absent) is None


def test_undo_records_are_forgotten_below_a_height(store):
    script = fill(store, filled(9))
    store.prune_undos(0)
    store.prune_undos(4)
    assert [store.undo(height) is None for height in range(9)] == [True] * 4 + [False] * 5
    store.prune_undos(10**30)
    assert store.undo(8) is None
    store.append(script.batch(3))
    assert store.undo(9) == script.batches[-1].undo


def test_a_batch_that_does_not_follow_is_refused_and_leaves_nothing(store):
    script, other = filled(6), filled(6, seed=1)
    fresh = Script(2).batch(3)
    for batch in script.batches[:5]:
        store.append(batch)
    before = whole(store)
    for wrong in (script.batches[4], script.batches[0], other.batches[5], fresh):
        with pytest.raises(StoreMoved, match="stands at height 4"):
            store.append(wrong)
        assert whole(store) == before
    store.append(script.batches[5])
    assert store.head() == script.chain.head


def test_a_first_batch_must_be_of_height_0(store):
    script = filled(2)
    with pytest.raises(StoreMoved):
        store.append(script.batches[1])
    assert store.head() is None


def test_checkpoints_gather_signature_lines(store):
    fill(store, filled(9))
    store.put_checkpoint(5, BODY, ["— a x", "— b y"])
    store.put_checkpoint(5, BODY, ["— c z", "— a x", "— c z"])
    store.put_checkpoint(2, "older", [])
    kept = StoredCheckpoint(5, BODY, ("— a x", "— b y", "— c z"))
    assert store.checkpoint() == store.checkpoint(5) == kept
    assert list(store.checkpoints()) == [kept, StoredCheckpoint(2, "older", ())]
    for absent in (3, -1, 10**30):
        assert store.checkpoint(absent) is None


def test_a_second_checkpoint_of_one_size_is_refused(store):
    fill(store, filled(9))
    store.put_checkpoint(5, BODY, ["— a x"])
    with pytest.raises(StoreDamaged, match="another checkpoint of size 5"):
        store.put_checkpoint(5, BODY.replace("Cs", "Ct"), ["— b y"])
    assert store.checkpoint(5) == StoredCheckpoint(5, BODY, ("— a x",))


def test_a_log_that_ends_before_its_newest_checkpoint_was_cut_short(store):
    script = fill(store, filled(9))
    size = script.chain.size
    store.put_checkpoint(size, BODY, [])
    assert store.head() == script.chain.head
    store.put_checkpoint(size + 1, BODY, [])
    with pytest.raises(StoreDamaged, match=f"of size {size} has a checkpoint of size {size + 1}"):
        store.head()


def test_an_empty_log_with_a_checkpoint_was_cut_short(store):
    store.put_checkpoint(0, "of the empty log", [])
    assert store.head() is None
    store.put_checkpoint(1, BODY, [])
    with pytest.raises(StoreDamaged, match="and no commit"):
        store.head()


def test_what_is_given_out_cannot_change_the_store(store):
    script = fill(store, filled(9))
    before = whole(store)
    store.undo(3).clear()
    store.items(script.expected).clear()
    assert whole(store) == before


def test_threads_read_whole_batches_while_one_writes(store):
    script = filled(60, seed=4)
    roots = {batch.head.state_root for batch in script.batches}
    sizes = {batch.head.size for batch in script.batches}
    done = Event()

    def read() -> int:
        rounds = 0
        while not done.is_set():
            head = store.head()
            if head is None:
                continue
            assert store.frontier().size in sizes
            assert len(list(store.entries(0, head.size))) == head.size
            assert store.closing_commit(head.size - 1) == head.size - 1
            leaves = list(store.leaves())
            assert StateTree.build(leaves).root in roots
            assert store.items([path for path, _ in leaves])
            rounds += 1
        return rounds

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            fill(store, script)
        finally:
            done.set()
        assert [reader.result() >= 0 for reader in readers] == [True] * 3
    assert store.head() == script.chain.head


def test_the_database_says_what_its_twin_says(tmp_path):
    script = filled(40, seed=5)
    told = []
    for opener in OPENERS.values():
        store = opener(tmp_path)
        fill(store, script)
        store.prune_undos(7)
        store.put_checkpoint(3, BODY, ["— a x"])
        told.append(whole(store))
        store.close()
    assert all(one == told[0] for one in told)


def test_an_item_whose_content_is_neither_record_nor_number_is_damage(store):
    script = Script(6)
    key = b"k" * 32
    store.append(script.chain.extend([], {key: Item(bytes(32), b"\xc0")}, 0))
    ((path, leaf, item),) = store.all_items()
    assert (item, leaf) == (Item(bytes(32), b"\xc0"), script.chain.tree.leaf(path))
    with pytest.raises(StoreDamaged, match="cannot be read"):
        store.items([path])
