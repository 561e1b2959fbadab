"""The head of a ledger: commit entries, hash chain, roots, time."""

from __future__ import annotations

import pytest
from support.batches import Script, filled

from ledger import merkle
from ledger.chain import Chain, ClockWentBack, Head, LogEntry
from ledger.entry import Commit, read_entry
from ledger.hashing import ZERO
from ledger.merkle import EMPTY_ROOT, Frontier, leaf_hash
from ledger.record import Item, content_key
from ledger.smt import EMPTY, StateTree
from ledger.smt_hash import leaf_hash as state_leaf
from ledger.smt_hash import path_of


def test_a_chain_without_batches_has_no_head():
    chain = Chain.empty()
    assert (chain.head, chain.size, chain.frontier) == (None, 0, Frontier())
    assert (chain.frontier.root(), chain.tree.root) == (EMPTY_ROOT, EMPTY)


def test_the_first_batch_follows_nothing():
    chain = Chain.empty()
    entry = LogEntry(b"one", leaf_hash(b"one"), ())
    key, item = b"k" * 32, Item(b"s" * 32, b"content")
    batch = chain.extend([entry], {key: item}, 7)
    root = state_leaf(key, item.value(key))
    commit = Commit(height=0, time=7, size_before=0, index=1, state_root=root, previous=ZERO)
    assert batch.commit == commit
    assert batch.entries == [entry, LogEntry(commit.encode(), leaf_hash(commit.encode()), ())]
    assert batch.head == chain.head == Head(0, 7, 2, leaf_hash(commit.encode()), root)
    assert (batch.first, batch.undo) == (0, {path_of(key): None})
    assert batch.frontier == chain.frontier
    assert chain.frontier.root() == merkle.root([entry.leaf, batch.entries[1].leaf])


def test_every_batch_ends_with_the_commit_entry_that_states_it():
    script = filled(40)
    size = 0
    for height, batch in enumerate(script.batches):
        commit = read_entry(batch.entries[-1].data)
        assert commit == batch.commit
        assert [type(read_entry(e.data)) for e in batch.entries[-1:]] == [Commit]
        assert (commit.height, commit.size_before, batch.first) == (height, size, size)
        size += len(batch.entries)
        assert (commit.index, batch.head.size) == (size - 1, size)
        assert batch.head == Head(height, commit.time, size, batch.entries[-1].leaf, commit.state_root)
    assert script.chain.size == size


def test_each_commit_names_the_leaf_of_the_one_before():
    previous = ZERO
    for batch in filled(40).batches:
        assert batch.commit.previous == previous
        previous = leaf_hash(batch.entries[-1].data)
        assert batch.head.commit_leaf == previous


def test_a_changed_commit_breaks_the_chain():
    first, second = filled(2).batches
    changed = Commit(0, first.commit.time + 1, 0, first.commit.index, first.commit.state_root, ZERO)
    assert leaf_hash(changed.encode()) != second.commit.previous
    assert leaf_hash(first.commit.encode()) == second.commit.previous


def test_the_roots_are_those_of_a_rebuild_from_nothing():
    script = Script(1)
    for _ in range(40):
        batch = script.batch()
        leaves = [leaf_hash(entry.data) for entry in script.entries]
        assert batch.frontier.root() == merkle.root(leaves)
        pairs = []
        for path, item in sorted(script.expected.items()):
            key = content_key(item.content)
            assert path_of(key) == path
            pairs.append((path, state_leaf(key, item.value(key))))
        assert batch.commit.state_root == StateTree.build(pairs).root


def test_the_rows_are_the_new_content_and_the_undo_what_it_replaced():
    script, before = Script(2), {}
    for _ in range(40):
        batch = script.batch()
        rows = {row.path: row.leaf for row in batch.rows}
        assert len(rows) == len(batch.rows)
        assert batch.undo == {path: before.get(path) for path in rows}
        before |= rows
        assert all(script.expected[row.path] == row.item for row in batch.rows)


def test_the_runs_are_the_subtrees_that_the_batch_completes():
    script = filled(12)
    stored = {
        (run.level, number): digest
        for batch in script.batches
        for run in batch.runs
        for number, digest in enumerate(run.hashes, run.first)
    }
    leaves = [entry.leaf for entry in script.entries]
    assert stored == {
        (level, number): merkle.root(leaves[number << level : (number + 1) << level])
        for level in range(len(leaves).bit_length())
        for number in range(len(leaves) >> level)
    }


def test_time_never_goes_back():
    script = Script()
    script.batch(2, time=1_000)
    chain = script.chain
    before = (chain.head, chain.frontier, chain.tree.root, chain.size)
    with pytest.raises(ClockWentBack, match="the last commit is of 1000, 1 ms later") as caught:
        script.batch(3, time=999)
    assert caught.value.value == 999
    assert (chain.head, chain.frontier, chain.tree.root, chain.size) == before
    assert script.batch(0, time=1_000).commit.time == 1_000


def test_a_chain_goes_on_from_what_a_store_keeps():
    script = filled(20)
    chain = script.chain
    leaves = [(path, chain.tree.leaf(path)) for path in sorted(script.expected)]
    again = Chain(chain.frontier, StateTree.build(leaves), chain.head)
    entry = LogEntry(b"next", leaf_hash(b"next"), (3,))
    items = {b"k" * 32: Item(bytes(32), b"content")}
    time = chain.head.time
    assert again.extend([entry], items, time) == chain.extend([entry], items, time)
